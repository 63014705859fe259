/** The pages of a played gateway: pay, done, and its open book. Work without script. */
import type { ComponentChildren } from 'preact';
import { BookTable, Choice, payerPage, standInPage, type StandInShell } from '../stand-in-page.tsx';
import { dong, hanoiClock, type StandInLocale } from '../stand-in-texts.ts';
import type { NoticeRow } from './peer-store.ts';
import { peerTexts } from './peer-texts.ts';
import {
  NOTICE_MANNERS,
  PEER_SWITCHES,
  type PeerCharge,
  type PeerPayment,
  type PeerProtocol,
  type PeerRefund,
  type PeerSwitch,
} from './peer-types.ts';

export interface PageView {
  readonly locale: StandInLocale;
  /** Path of the gateway's pages, without a trailing slash. */
  readonly base: string;
  readonly protocol: Pick<PeerProtocol, 'name'>;
}

export interface PayView extends PageView {
  readonly protocol: PeerProtocol;
  readonly payment: PeerPayment;
  readonly wayBack: string;
  readonly now: Date;
}

export interface BookView extends PageView {
  readonly payments: readonly PeerPayment[];
  readonly charges: readonly PeerCharge[];
  readonly refunds: readonly PeerRefund[];
  readonly notices: readonly NoticeRow[];
  readonly switches: readonly { readonly name: PeerSwitch; readonly remaining: number }[];
}

export function payPage(view: PayView): string {
  const { payment, locale, protocol, wayBack, now } = view;
  const texts = peerTexts(locale);
  return payerPage(shellOf(view), {
    texts,
    payment,
    payee: payment.merchantId,
    reference: payment.reference,
    wayBack,
    now,
    declines: [...protocol.declineCodes, { code: protocol.unknownCode, meaning: texts.unknownCode }],
    faults: (
      <>
        <Choice fields={{ action: 'approve', stay: 'yes' }} label={texts.noReturn} />
        <Choice fields={{ action: 'charge_twice' }} label={texts.twice} />
        {NOTICE_MANNERS.filter((manner) => manner !== 'once').map((manner) => (
          <Choice key={manner} fields={{ action: 'approve', manner }} label={texts.manners[manner]} />
        ))}
      </>
    ),
  });
}

export function bookPage(view: BookView): string {
  const { locale, base } = view;
  const texts = peerTexts(locale);
  return page(
    view,
    texts.bookTitle,
    <>
      <h1>{texts.bookTitle}</h1>
      <BookTable
        none={texts.none}
        caption={texts.payments}
        head={[texts.time, texts.amount, texts.reference, texts.state]}
        rows={view.payments.map((payment) => [
          hanoiClock(payment.createdAt),
          dong(payment.amount, locale),
          <a href={`${base}/pay/${payment.id}`}>{payment.reference}</a>,
          `${texts.states[payment.state]} ${payment.code ?? ''}`,
        ])}
      />
      <BookTable
        none={texts.none}
        caption={texts.charges}
        head={[texts.time, texts.amount, texts.transaction]}
        rows={view.charges.map((charge) => [
          hanoiClock(charge.chargedAt),
          dong(charge.amount, locale),
          charge.transactionId,
        ])}
      />
      <BookTable
        none={texts.none}
        caption={texts.refunds}
        head={[texts.transaction, texts.reference, texts.amount, texts.state]}
        rows={view.refunds.map((refund) => [
          refund.refundId,
          refund.refundReference,
          dong(refund.amount, locale),
          texts.states[refund.state],
        ])}
      />
      <BookTable
        none={texts.none}
        caption={texts.notices}
        head={[texts.reference, texts.attempts, texts.answer]}
        rows={view.notices.map((notice) => [
          notice.truth === 'genuine' ? notice.reference : `${notice.reference} (${notice.truth})`,
          String(notice.attempts),
          `${String(notice.lastStatus ?? '–')} ${notice.lastAnswer ?? ''}`,
        ])}
      />
      <BookTable
        none={texts.none}
        caption={texts.switches}
        head={[texts.state, texts.times]}
        rows={view.switches.map(({ name, remaining }) => [name, String(remaining)])}
      />
      <h2>{texts.switchTitle}</h2>
      <form method="post" action={`${base}/switch`} class="choice">
        <label for="name">{texts.state}</label>
        <select id="name" name="name">
          {PEER_SWITCHES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <label for="count">{texts.times}</label>
        <input id="count" name="count" inputMode="numeric" pattern="[0-9]+" required value="1" />
        <button type="submit">{texts.switchOn}</button>
      </form>
    </>,
  );
}

export function messagePage(view: PageView, message: string): string {
  return page(view, message, <h1>{message}</h1>);
}

function page(view: PageView, title: string, content: ComponentChildren): string {
  return standInPage(shellOf(view), title, content);
}

function shellOf({ locale, base, protocol: { name } }: PageView): StandInShell {
  const { strip, otherLanguage } = peerTexts(locale);
  return { locale, base, name, strip: strip(name), otherLanguage };
}

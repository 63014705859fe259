/** The pages of a played gateway: pay, done, and its open book. Work without script. */
import type { ComponentChildren } from 'preact';
import { BookTable, Choice, NumberChoice, standInPage } from '../stand-in-page.tsx';
import type { NoticeRow } from './peer-store.ts';
import { peerAmount, peerTexts, type PeerLocale, type PeerTexts } from './peer-texts.ts';
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
  readonly locale: PeerLocale;
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
  const { payment, locale, now } = view;
  const texts = peerTexts(locale);
  const isOpen = payment.state === 'open' && payment.expiresAt > now;
  const title = isOpen ? texts.payTitle : payment.state === 'open' ? texts.expiredTitle : texts.decidedTitle;
  return page(
    view,
    title,
    <>
      <h1>{title}</h1>
      <p class="amount">{peerAmount(payment.amount, locale)}</p>
      <dl>
        <dt>{texts.payee}</dt>
        <dd>{payment.merchantId}</dd>
        <dt>{texts.content}</dt>
        <dd>{payment.description}</dd>
        <dt>{texts.reference}</dt>
        <dd class="code">{payment.reference}</dd>
        {isOpen ? null : (
          <>
            <dt>{texts.state}</dt>
            <dd>{texts.states[payment.state]}</dd>
          </>
        )}
      </dl>
      {isOpen ? (
        <Choices texts={texts} view={view} />
      ) : (
        <p>
          <a class="button" href={view.wayBack}>
            {texts.back}
          </a>
        </p>
      )}
    </>,
  );
}

function Choices({ texts, view }: { readonly texts: PeerTexts; readonly view: PayView }) {
  const { payment, protocol } = view;
  return (
    <>
      <Choice fields={{ action: 'approve' }} label={texts.approve} primary />
      <form method="post" class="choice">
        <input type="hidden" name="action" value="decline" />
        <label for="code">{texts.declineWith}</label>
        <select id="code" name="code">
          {protocol.declineCodes.map(({ code, meaning }) => (
            <option key={code} value={code}>
              {`${code} – ${meaning}`}
            </option>
          ))}
          <option value={protocol.unknownCode}>{`${protocol.unknownCode} – ${texts.unknownCode}`}</option>
        </select>
        <button type="submit">{texts.decline}</button>
      </form>
      <section aria-labelledby="faults">
        <h2 id="faults">{texts.faultsTitle}</h2>
        <Choice fields={{ action: 'approve', stay: 'yes' }} label={texts.noReturn} />
        <Choice fields={{ action: 'charge_twice' }} label={texts.twice} />
        {NOTICE_MANNERS.filter((manner) => manner !== 'once').map((manner) => (
          <Choice key={manner} fields={{ action: 'approve', manner }} label={texts.manners[manner]} />
        ))}
        <NumberChoice
          action="other_amount"
          name="amount"
          label={texts.otherAmount}
          value={(payment.amount - 1n).toString()}
        />
        <NumberChoice action="later" name="seconds" label={texts.later} value="30" />
      </section>
    </>
  );
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
          peerAmount(payment.amount, locale),
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
          peerAmount(charge.amount, locale),
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
          peerAmount(refund.amount, locale),
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

function page({ locale, base, protocol }: PageView, title: string, content: ComponentChildren): string {
  const { strip, otherLanguage } = peerTexts(locale);
  const { name } = protocol;
  return standInPage({ locale, base, name, strip: strip(name), otherLanguage }, title, content);
}

/** 09:14:02 22/11/2026, Viet Nam. */
function hanoiClock(at: Date): string {
  const [date, time] = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Asia/Ho_Chi_Minh',
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
    .format(at)
    .split(', ');
  return `${String(time)} ${String(date)}`;
}

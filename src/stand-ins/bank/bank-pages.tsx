/** The pretend bank's pages: pay, done, and the open book. Work without script. */
import type { ComponentChildren } from 'preact';
import { BookTable, Choice, NumberChoice, standInPage } from '../stand-in-page.tsx';
import type { CallbackRow } from './bank-callback-store.ts';
import { hanoiDay, hanoiTime } from './bank-notices.ts';
import { bankAmount, bankTexts, type BankLocale, type BankTexts } from './bank-texts.ts';
import { DECLINE_CODES, type BankCharge, type BankOrder, type BankRefund } from './bank-types.ts';

interface PageView {
  readonly locale: BankLocale;
  /** Path of the bank's pages, without a trailing slash. */
  readonly base: string;
}

export interface PayView extends PageView {
  readonly order: BankOrder;
  readonly payee: string;
  readonly now: Date;
}

export interface BookView extends PageView {
  readonly waiting: readonly BankOrder[];
  readonly charges: readonly BankCharge[];
  readonly refunds: readonly BankRefund[];
  readonly callbacks: readonly CallbackRow[];
  readonly switches: readonly { readonly name: string; readonly remaining: number }[];
  readonly now: Date;
}

export function payPage(view: PayView): string {
  const { order, locale, now } = view;
  const texts = bankTexts(locale);
  const isOpen = order.state === 'open' && order.expiresAt > now;
  const title = isOpen ? texts.payTitle : order.state === 'open' ? texts.expiredTitle : texts.decidedTitle;
  return page(
    view,
    title,
    <>
      <h1>{title}</h1>
      <p class="amount">{bankAmount(order.amount, locale)}</p>
      <dl>
        <dt>{texts.payee}</dt>
        <dd>{view.payee}</dd>
        <dt>{texts.content}</dt>
        <dd>{order.description}</dd>
        <dt>{texts.reference}</dt>
        <dd class="code">{order.merchantReference}</dd>
        {isOpen ? null : (
          <>
            <dt>{texts.state}</dt>
            <dd>{texts.states[order.state]}</dd>
          </>
        )}
      </dl>
      {isOpen ? <Choices texts={texts} order={order} /> : null}
      {isOpen ? null : (
        <p>
          <a class="button" href={order.returnUrl}>
            {texts.back}
          </a>
        </p>
      )}
    </>,
  );
}

function Choices({ texts, order }: { readonly texts: BankTexts; readonly order: BankOrder }) {
  return (
    <>
      <Choice fields={{ action: 'approve' }} label={texts.approve} primary />
      <form method="post" class="choice">
        <input type="hidden" name="action" value="decline" />
        <label for="code">{texts.declineWith}</label>
        <select id="code" name="code">
          {DECLINE_CODES.map((code) => (
            <option key={code} value={code}>
              {`${code} – ${texts.codes[code]}`}
            </option>
          ))}
        </select>
        <button type="submit">{texts.decline}</button>
      </form>
      <section aria-labelledby="faults">
        <h2 id="faults">{texts.faultsTitle}</h2>
        <Choice fields={{ action: 'no_return' }} label={texts.noReturn} />
        <Choice fields={{ action: 'say_nothing' }} label={texts.sayNothing} />
        <Choice fields={{ action: 'charge_twice' }} label={texts.twice} />
        <Choice fields={{ action: 'notice_twice' }} label={texts.noticeTwice} />
        <Choice fields={{ action: 'notice_forged' }} label={texts.noticeForged} />
        <Choice fields={{ action: 'notice_lost' }} label={texts.noticeLost} />
        <NumberChoice
          action="other_amount"
          name="amount"
          label={texts.otherAmount}
          value={(order.amount - 1n).toString()}
        />
        <NumberChoice action="later" name="seconds" label={texts.later} value="30" />
      </section>
    </>
  );
}

export function bookPage(view: BookView): string {
  const { locale, base } = view;
  const texts = bankTexts(locale);
  return page(
    view,
    texts.bookTitle,
    <>
      <h1>{texts.bookTitle}</h1>
      <p>
        <a href={`${base}/api/settlement-files/${hanoiDay(view.now)}`}>{texts.file}</a>
      </p>
      <BookTable
        none={texts.none}
        caption={texts.waiting}
        head={[texts.time, texts.amount, texts.reference, texts.state]}
        rows={view.waiting.map((order) => [
          clock(order.createdAt),
          bankAmount(order.amount, locale),
          <a href={`${base}/pay/${order.id}`}>{order.merchantReference}</a>,
          texts.states[order.state],
        ])}
      />
      <BookTable
        none={texts.none}
        caption={texts.charges}
        head={[texts.time, texts.amount, texts.reference, texts.transaction]}
        rows={view.charges.map((charge) => [
          clock(charge.chargedAt),
          bankAmount(charge.amount, locale),
          charge.merchantReference,
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
          bankAmount(refund.amount, locale),
          texts.states[refund.state],
        ])}
      />
      <BookTable
        none={texts.none}
        caption={texts.notices}
        head={[texts.reference, texts.attempts, texts.answer]}
        rows={view.callbacks.map((callback) => [
          callback.subject,
          String(callback.attempts),
          callback.lastStatus === null ? (callback.lastError ?? '–') : String(callback.lastStatus),
        ])}
      />
      <BookTable
        none={texts.none}
        caption={texts.switches}
        head={[texts.state, texts.attempts]}
        rows={view.switches.map(({ name, remaining }) => [name, String(remaining)])}
      />
    </>,
  );
}

export function messagePage(view: PageView, message: string): string {
  return page(view, message, <h1>{message}</h1>);
}

function page({ locale, base }: PageView, title: string, content: ComponentChildren): string {
  const { bank: name, strip, otherLanguage } = bankTexts(locale);
  return standInPage({ locale, base, name, strip, otherLanguage }, title, content);
}

/** 09:14:02 22/11/2026, Viet Nam. */
function clock(at: Date): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(hanoiTime(at)) ?? [];
  return `${String(time)} ${String(day)}/${String(month)}/${String(year)}`;
}

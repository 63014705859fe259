/** The pretend bank's pages: pay, done, and the open book. Work without script. */
import type { ComponentChildren } from 'preact';
import { BookTable, Choice, payerPage, standInPage, type StandInShell } from '../stand-in-page.tsx';
import { dong, hanoiClock, type StandInLocale } from '../stand-in-texts.ts';
import type { CallbackRow } from './bank-callback-store.ts';
import { hanoiDay } from './bank-notices.ts';
import { bankTexts } from './bank-texts.ts';
import { DECLINE_CODES, type BankCharge, type BankOrder, type BankRefund } from './bank-types.ts';

interface PageView {
  readonly locale: StandInLocale;
  /** Path of the bank's pages, without a trailing slash. */
  readonly base: string;
}

export interface PayView extends PageView {
  readonly order: BankOrder;
  readonly payee: string;
  readonly wayBack: string;
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
  const { order, locale, payee, wayBack, now } = view;
  const texts = bankTexts(locale);
  return payerPage(shellOf(view), {
    texts,
    payment: order,
    payee,
    reference: order.merchantReference,
    wayBack,
    now,
    declines: DECLINE_CODES.map((code) => ({ code, meaning: texts.codes[code] })),
    faults: (
      <>
        <Choice fields={{ action: 'no_return' }} label={texts.noReturn} />
        <Choice fields={{ action: 'say_nothing' }} label={texts.sayNothing} />
        <Choice fields={{ action: 'charge_twice' }} label={texts.twice} />
        <Choice fields={{ action: 'notice_twice' }} label={texts.noticeTwice} />
        <Choice fields={{ action: 'notice_forged' }} label={texts.noticeForged} />
        <Choice fields={{ action: 'notice_lost' }} label={texts.noticeLost} />
      </>
    ),
  });
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
          hanoiClock(order.createdAt),
          dong(order.amount, locale),
          <a href={`${base}/pay/${order.id}`}>{order.merchantReference}</a>,
          texts.states[order.state],
        ])}
      />
      <BookTable
        none={texts.none}
        caption={texts.charges}
        head={[texts.time, texts.amount, texts.reference, texts.transaction]}
        rows={view.charges.map((charge) => [
          hanoiClock(charge.chargedAt),
          dong(charge.amount, locale),
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
          dong(refund.amount, locale),
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

function page(view: PageView, title: string, content: ComponentChildren): string {
  return standInPage(shellOf(view), title, content);
}

function shellOf({ locale, base }: PageView): StandInShell {
  const { bank: name, strip, otherLanguage } = bankTexts(locale);
  return { locale, base, name, strip, otherLanguage };
}

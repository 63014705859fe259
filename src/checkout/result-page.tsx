/** C09, success: what was paid, that nothing is left to do, where the money is, and the receipt. Meant to be kept. */
import type { JSX } from 'preact';
import { formatLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import { Amount, CodePanel, MoneySentence, Rich, WarnPanel } from '../web/components.tsx';
import { dayText, instantFormat, moneyText } from '../web/formats.ts';
import { messagesFor, nameIn, type Messages, type NameInLanguages } from '../web/i18n.ts';
import { CheckIcon, DownloadIcon } from '../web/icons.tsx';
import { citizenPage, type PageContext } from '../web/page.tsx';
import { MoneyTimeline, type MoneyStep } from './money-timeline.tsx';
import { PayoutAction } from './payout-page.tsx';
import { ReceiptCard, type ReceiptView } from './receipt-card.tsx';
import type { PayoutLink } from './status-view.tsx';

/** A payment whose money is in the ledger. */
export interface ResultView {
  readonly amount: Money;
  readonly paidAt: Date;
  readonly gatewayName: string;
  readonly isTransfer: boolean;
  readonly agency: NameInLanguages;
  readonly lookupCode: LookupCode;
  readonly steps: readonly MoneyStep[];
  /** Where the payer names the account that people transfer a refund to. */
  readonly payout: PayoutLink | null;
  /** Parts of the payment that go back, until `by`, or went back, at `at`. */
  readonly refunds: readonly {
    readonly amount: Money;
    readonly by?: Day;
    readonly at?: Date | null;
    readonly steps: readonly MoneyStep[];
  }[];
  /** One per receipt form; none yet while the numbers are being issued. */
  readonly receipts: readonly ReceiptView[];
  /** Set on a page that anybody can come to: receipts show initials, and here is where the payer is asked for more. */
  readonly payerHref: string | null;
  /** By when a receipt comes that is not there yet; null when `receipts` is complete. */
  readonly receiptExpectedBy: Date | null;
  /** The receipt as PDF; null leaves the button out. */
  readonly pdfHref: string | null;
  /** Where documents are handed out, when the citizen has to come; null: nothing else to do. */
  readonly collect: { readonly place: string; readonly hours: string } | null;
  /** Money beyond what was owed, each with the page that tells where it is. */
  readonly surplus: readonly {
    readonly amount: Money;
    readonly became: 'paid_twice' | 'paid_over' | 'other' | 'refunded';
    readonly href: string;
  }[];
  /** The page of the agency that sent the citizen here. */
  readonly returnHref: string | null;
}

export function resultPage(view: ResultView, context: PageContext): string {
  const texts = messagesFor(context.locale);
  return citizenPage(context, {
    title: texts.result.title,
    children: (
      <>
        <SuccessPanel view={view} context={context} />
        <NextStep view={view} context={context} />
        {view.surplus.map(({ amount, became, href }) => (
          <WarnPanel key={href} tone={became === 'refunded' ? 'ok' : 'warn'}>
            <p>
              <a href={href}>{surplusText(became, moneyText(amount, context.locale), texts.refund)}</a>
            </p>
          </WarnPanel>
        ))}
        <Actions view={view} context={context} />
        <Refunds view={view} context={context} />
        <section aria-labelledby="track">
          <h2 id="track">{texts.timeline.title}</h2>
          <MoneyTimeline {...view} context={context} />
        </section>
        <Receipts view={view} context={context} />
        <section class="no-print" aria-labelledby="more">
          <h2 id="more">{texts.result.moreTitle}</h2>
          <ul class="links">
            <li>
              <a href="/pay">{texts.result.payOther}</a>
            </li>
            <li>
              <a href="/verify">{texts.result.checkReceipt}</a>
            </li>
          </ul>
        </section>
      </>
    ),
  });
}

interface Parts {
  readonly view: ResultView;
  readonly context: PageContext;
}

function surplusText(
  became: ResultView['surplus'][number]['became'],
  amount: string,
  texts: Messages['refund'],
): string {
  return {
    paid_twice: texts.twiceTitle(amount),
    paid_over: texts.overTitle(amount),
    other: texts.underWayTitle(amount),
    refunded: texts.doneTitle(amount),
  }[became];
}

function SuccessPanel({ view, context }: Parts): JSX.Element {
  const texts = messagesFor(context.locale).result;
  const { time, date } = instantFormat(context.timeZone, context.locale);
  return (
    <div class="success" role="status">
      <span class="disc">
        <CheckIcon size={26} />
      </span>
      <h1>{texts.title}</h1>
      <Amount amount={view.amount} locale={context.locale} />
      <p>{texts.at(time(view.paidAt), date(view.paidAt))}</p>
    </div>
  );
}

function NextStep({ view, context }: Parts): JSX.Element {
  const texts = messagesFor(context.locale).result;
  const agency = nameIn(context.locale, view.agency).text;
  const isAgencyTold = view.steps.some(({ kind, state }) => kind === 'agency_told' && state === 'done');
  const awaited = view.payout?.awaited ?? null;
  const text = view.collect
    ? texts.bringReceipt(view.collect.place, view.collect.hours)
    : awaited !== null
      ? texts.nameAccount(moneyText(awaited, context.locale))
      : isAgencyTold
        ? texts.nothingToDo(agency)
        : texts.beingTold(agency);
  return (
    <div class="lead">
      <MoneySentence state={{ kind: 'paid', amount: view.amount }} context={context} />
      <p>
        <Rich text={text} />
      </p>
    </div>
  );
}

/** What is to be done comes first: naming an account, keeping the receipt, going back to the agency. */
function Actions({ view, context }: Parts): JSX.Element | null {
  const texts = messagesFor(context.locale).result;
  const { payout, pdfHref, returnHref } = view;
  const isAwaited = payout !== null && payout.awaited !== null;
  return (
    <div class="stack">
      <PayoutAction payout={payout} context={context} />
      {pdfHref === null ? null : (
        <a class={isAwaited ? 'btn second' : 'btn'} href={pdfHref}>
          <DownloadIcon />
          {texts.downloadPdf}
        </a>
      )}
      {returnHref === null ? null : (
        <a class={isAwaited || pdfHref !== null ? 'btn second' : 'btn'} href={returnHref} rel="noreferrer">
          {texts.backToAgency}
        </a>
      )}
    </div>
  );
}

function Refunds({ view, context }: Parts): JSX.Element | null {
  if (view.refunds.length === 0) return null;
  const texts = messagesFor(context.locale).refund;
  const { moment } = instantFormat(context.timeZone, context.locale);
  return (
    <section aria-labelledby="refunds">
      <h2 id="refunds">{texts.track}</h2>
      {view.refunds.map(({ amount, by, at, steps }, index) => {
        const refund = moneyText(amount, context.locale);
        const isAwaited = view.payout !== null && view.payout.awaited !== null;
        return (
          <div key={index} class="stack">
            <p>
              <Rich
                text={
                  at
                    ? texts.partDone(refund, moment(at))
                    : by === undefined || isAwaited
                      ? texts.partHeld(refund)
                      : texts.partUnderWay(refund, dayText(by))
                }
              />
            </p>
            <MoneyTimeline {...view} steps={steps} context={context} />
          </div>
        );
      })}
    </section>
  );
}

function Receipts({ view, context }: Parts): JSX.Element {
  const texts = messagesFor(context.locale);
  const { moment } = instantFormat(context.timeZone, context.locale);
  // Only what holds is shown, and printed, at once.
  const old = view.receipts.filter(({ status }) => status.kind !== 'valid');
  const cards = (receipts: readonly ReceiptView[]) =>
    receipts.map((receipt) => (
      <ReceiptCard
        key={receipt.verificationCode}
        receipt={receipt}
        isPublic={view.payerHref !== null}
        context={context}
      />
    ));
  return (
    <section aria-labelledby="receipt">
      <h2 id="receipt">{texts.receipt.title}</h2>
      {cards(view.receipts.filter(({ status }) => status.kind === 'valid'))}
      {old.length === 0 ? null : (
        <details class="old">
          <summary>{texts.receipt.old(old.length)}</summary>
          <div class="stack">{cards(old)}</div>
        </details>
      )}
      {view.payerHref === null ? null : (
        <p class="no-print">
          {texts.prove.hidden} <a href={view.payerHref}>{texts.prove.receiptLink}</a>
        </p>
      )}
      {view.receiptExpectedBy === null ? null : (
        <>
          <p>{texts.result.receiptPending(moment(view.receiptExpectedBy))}</p>
          <CodePanel label={texts.waiting.code} code={formatLookupCode(view.lookupCode)} />
        </>
      )}
    </section>
  );
}

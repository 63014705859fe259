/** C09, success: what was paid, that nothing is left to do, where the money is, and the receipt. Meant to be kept. */
import type { JSX } from 'preact';
import { formatLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import { Amount, CodePanel, MoneySentence, Rich, WarnPanel } from '../web/components.tsx';
import { instantFormat, moneyText } from '../web/formats.ts';
import { messagesFor, nameIn, type NameInLanguages } from '../web/i18n.ts';
import { CheckIcon, DownloadIcon } from '../web/icons.tsx';
import { citizenPage, type PageContext } from '../web/page.tsx';
import { MoneyTimeline, type MoneyStep } from './money-timeline.tsx';
import { ReceiptCard, type ReceiptView } from './receipt-card.tsx';

/** A payment whose money is in the ledger. */
export interface ResultView {
  readonly amount: Money;
  readonly paidAt: Date;
  readonly gatewayName: string;
  readonly agency: NameInLanguages;
  readonly lookupCode: LookupCode;
  readonly steps: readonly MoneyStep[];
  /** Where the payer names the account of what was paid too much. */
  readonly payoutHref?: string | null;
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
  /** A second payment of the same that goes back, and its page; null when there is none. */
  readonly returning: { readonly amount: Money; readonly href: string } | null;
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
        {view.returning === null ? null : (
          <WarnPanel>
            <p>
              <a href={view.returning.href}>
                {texts.refund.twiceTitle(moneyText(view.returning.amount, context.locale))}
              </a>
            </p>
          </WarnPanel>
        )}
        <PrimaryAction view={view} context={context} />
        <section aria-labelledby="track">
          <h2 id="track">{texts.timeline.title}</h2>
          <MoneyTimeline {...view} context={context} />
        </section>
        <Receipts view={view} context={context} />
        <section class="no-print" aria-labelledby="more">
          <h2 id="more">{texts.result.moreTitle}</h2>
          <ul class="links">
            {view.payoutHref ? (
              <li>
                <a href={view.payoutHref}>{texts.payout.ask}</a>
              </li>
            ) : null}
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
  const text = view.collect
    ? texts.bringReceipt(view.collect.place, view.collect.hours)
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

function PrimaryAction({ view, context }: Parts): JSX.Element | null {
  const texts = messagesFor(context.locale).result;
  const back =
    view.returnHref === null ? null : (
      <a class={view.pdfHref === null ? 'btn' : 'btn second'} href={view.returnHref} rel="noreferrer">
        {texts.backToAgency}
      </a>
    );
  if (view.pdfHref === null) return back;
  return (
    <div class="stack">
      <a class="btn" href={view.pdfHref}>
        <DownloadIcon />
        {texts.downloadPdf}
      </a>
      {back}
    </div>
  );
}

function Receipts({ view, context }: Parts): JSX.Element {
  const texts = messagesFor(context.locale);
  const { moment } = instantFormat(context.timeZone, context.locale);
  return (
    <section aria-labelledby="receipt">
      <h2 id="receipt">{texts.receipt.title}</h2>
      {view.receipts.map((receipt) => (
        <ReceiptCard
          key={receipt.verificationCode}
          receipt={receipt}
          isPublic={view.payerHref !== null}
          context={context}
        />
      ))}
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

/** A receipt as a card on a page: what the paper would say, with the code by which anyone can check it. */
import type { JSX } from 'preact';
import { amountInWords } from '../domain/kernel/amount-in-words.ts';
import { formatLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import { Figure, SummaryList, Vietnamese, WarnPanel, type SummaryRow } from '../web/components.tsx';
import { dayText, instantFormat, maskName, moneyText } from '../web/formats.ts';
import { messagesFor, type Locale, type NameInLanguages } from '../web/i18n.ts';
import type { PageContext } from '../web/page.tsx';
import { QrCode } from '../web/qr-code.tsx';

/** A receipt as it was frozen at issue. Texts of the agency are Vietnamese. */
export interface ReceiptView {
  readonly number: string;
  readonly symbol: string;
  readonly issuer: NameInLanguages;
  /** In full; a page that anybody can come to shows initials. */
  readonly payerName: string;
  /** What was paid, line by line. */
  readonly lines: readonly { readonly description: string; readonly amount: Money }[];
  /** Such as the decision's number and day; null leaves the line out. */
  readonly contentNote: string | null;
  readonly amount: Money;
  readonly beneficiary: string;
  readonly paidAt: Date;
  readonly verificationCode: LookupCode;
  /** Absolute address behind the QR code. */
  readonly verifyUrl: string;
  readonly status:
    | { readonly kind: 'valid' }
    | { readonly kind: 'replaced'; readonly on: Day }
    | { readonly kind: 'voided'; readonly on: Day };
}

export function ReceiptCard({
  receipt,
  isPublic,
  context,
}: {
  receipt: ReceiptView;
  isPublic: boolean;
  context: PageContext;
}): JSX.Element {
  const texts = messagesFor(context.locale).receipt;
  const official = messagesFor('vi').receipt;
  const lang = foreign(context.locale);
  const code = formatLookupCode(receipt.verificationCode);
  return (
    <>
      {receipt.status.kind === 'valid' ? null : (
        <WarnPanel>
          <p>{texts[receipt.status.kind](dayText(receipt.status.on))}</p>
        </WarnPanel>
      )}
      <article class="receipt" aria-labelledby="receipt">
        <header>
          <small lang={lang}>{official.symbol(receipt.symbol)}</small>
          <b lang={lang}>{official.number(receipt.number)}</b>
        </header>
        <SummaryList rows={receiptRows(receipt, isPublic, context)} />
        <footer>
          <QrCode content={receipt.verifyUrl} label={texts.qrLabel(code)} />
          <div>
            <p>{texts.verifyNote}</p>
            <p>
              {texts.lookupCode} <span class="code nowrap">{code}</span>
            </p>
          </div>
        </footer>
      </article>
    </>
  );
}

function receiptRows(receipt: ReceiptView, isPublic: boolean, context: PageContext): SummaryRow[] {
  const { locale, timeZone } = context;
  const { payerName, issuer, beneficiary, paidAt } = receipt;
  const vietnamese = (text: string) => <Vietnamese text={text} locale={locale} />;
  const label = (name: LabelName) => <Label name={name} locale={locale} />;
  return [
    { label: label('issuer'), value: <Issuer name={issuer} locale={locale} /> },
    { label: label('payer'), value: isPublic ? maskName(payerName) : vietnamese(payerName) },
    {
      label: label('content'),
      value: <Lines lines={receipt.lines} locale={locale} />,
      ...(receipt.contentNote === null ? {} : { note: vietnamese(receipt.contentNote) }),
    },
    {
      label: label('amount'),
      value: <b lang={foreign(locale)}>{moneyText(receipt.amount, 'vi')}</b>,
      note: <InWords amount={receipt.amount} locale={locale} />,
    },
    { label: label('beneficiary'), value: vietnamese(beneficiary) },
    { label: label('issuedAt'), value: instantFormat(timeZone, locale).moment(paidAt) },
  ];
}

type LabelName = 'issuer' | 'payer' | 'content' | 'amount' | 'beneficiary' | 'issuedAt';

/** The language mark of Vietnamese, where the page is not. */
function foreign(locale: Locale): 'vi' | undefined {
  return locale === 'vi' ? undefined : 'vi';
}

/** A receipt is read by officials: it is Vietnamese on every page, and other words stand in brackets. */
function Label({ name, locale }: { name: LabelName; locale: Locale }): JSX.Element {
  const official = messagesFor('vi').receipt[name];
  if (locale === 'vi') return <>{official}</>;
  return (
    <>
      <span lang="vi">{official}</span> ({messagesFor(locale).receipt[name]})
    </>
  );
}

function Issuer({ name, locale }: { name: NameInLanguages; locale: Locale }): JSX.Element {
  if (locale === 'vi') return <>{name.nameVi}</>;
  return (
    <>
      <span lang="vi">{name.nameVi}</span>
      {name.nameEn === null ? null : <small>{name.nameEn}</small>}
    </>
  );
}

function Lines({ lines, locale }: { lines: ReceiptView['lines']; locale: Locale }): JSX.Element {
  const [only, ...others] = lines;
  if (only && others.length === 0) return <Vietnamese text={only.description} locale={locale} />;
  return (
    <ul class="items">
      {lines.map(({ description, amount }, index) => (
        <li key={index}>
          <Vietnamese text={description} locale={locale} /> <Figure amount={amount} locale="vi" />
        </li>
      ))}
    </ul>
  );
}

function InWords({ amount, locale }: { amount: Money; locale: Locale }): JSX.Element | null {
  const official = amountInWords(amount, 'vi');
  if (official === null) return null;
  const words = messagesFor('vi').receipt.inWords(official);
  if (locale === 'vi') return <>{words}</>;
  const translated = amountInWords(amount, locale);
  return (
    <>
      <span lang="vi">{words}</span>
      {translated === null ? null : (
        <span class="block">{`${moneyText(amount, locale)}. ${messagesFor(locale).receipt.inWords(translated)}`}</span>
      )}
    </>
  );
}

/** A receipt as a card on a page: what the paper would say, with the code by which anyone can check it. */
import type { JSX } from 'preact';
import { amountInWords } from '../domain/kernel/amount-in-words.ts';
import { formatLookupCode, type LookupCode } from '../domain/kernel/lookup-code.ts';
import type { Money } from '../domain/kernel/money.ts';
import type { Day } from '../domain/kernel/time.ts';
import { Name, SummaryList, Vietnamese, WarnPanel, type SummaryRow } from '../web/components.tsx';
import { dayText, instantFormat, maskName, moneyText } from '../web/formats.ts';
import { messagesFor, type NameInLanguages } from '../web/i18n.ts';
import type { PageContext } from '../web/page.tsx';
import { QrCode } from '../web/qr-code.tsx';

/** A receipt as it was frozen at issue. Texts of the agency are Vietnamese. */
export interface ReceiptView {
  readonly number: string;
  readonly symbol: string;
  readonly issuer: NameInLanguages;
  /** In full; a page that anybody can come to shows initials. */
  readonly payerName: string;
  readonly content: string;
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
          <small>{texts.symbol(receipt.symbol)}</small>
          <b>{texts.number(receipt.number)}</b>
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

function receiptRows(
  receipt: ReceiptView,
  isPublic: boolean,
  { locale, timeZone }: PageContext,
): SummaryRow[] {
  const texts = messagesFor(locale).receipt;
  const words = amountInWords(receipt.amount, locale);
  const vietnamese = (text: string) => <Vietnamese text={text} locale={locale} />;
  return [
    { label: texts.issuer, value: <Name name={receipt.issuer} locale={locale} /> },
    { label: texts.payer, value: isPublic ? maskName(receipt.payerName) : vietnamese(receipt.payerName) },
    {
      label: texts.content,
      value: vietnamese(receipt.content),
      ...(receipt.contentNote === null ? {} : { note: vietnamese(receipt.contentNote) }),
    },
    {
      label: texts.amount,
      value: <b>{moneyText(receipt.amount, locale)}</b>,
      ...(words === null ? {} : { note: texts.inWords(words) }),
    },
    { label: texts.beneficiary, value: vietnamese(receipt.beneficiary) },
    { label: texts.issuedAt, value: instantFormat(timeZone, locale).moment(receipt.paidAt) },
  ];
}

/** SQL that reads receipts as they were frozen, with what has become of them since. */
import type { AgencyId, OrderId, PaymentId, ReceiptId } from '../../domain/kernel/ids.ts';
import { money, type Currency, type Money } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { ReceiptContent } from '../../domain/receipts/receipt.ts';
import { query, type Reader } from '../../platform/database.ts';

export interface IssuedReceiptRecord {
  readonly agencyId: AgencyId;
  readonly id: ReceiptId;
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  readonly form: string;
  readonly symbol: string;
  readonly number: bigint;
  readonly verificationCode: string;
  readonly amount: Money;
  readonly content: ReceiptContent;
  readonly businessDate: Day;
  readonly issuedAt: Date;
  /** When it stopped being valid, and whether another one took its place. */
  readonly voided: { readonly at: Date; readonly isReplaced: boolean } | null;
}

interface ReceiptRow {
  agency_id: AgencyId;
  id: ReceiptId;
  order_id: OrderId;
  payment_id: PaymentId;
  form: string;
  symbol: string;
  number: bigint;
  verification_code: string;
  amount: bigint;
  currency: Currency;
  content: ReceiptContent;
  business_date: Day;
  issued_at: Date;
  voided_at: Date | null;
  replaced_by_id: ReceiptId | null;
}

const RECEIPT = `r.agency_id, r.id, r.order_id, r.payment_id, r.form, r.symbol, r.number, r.verification_code, r.amount,
  r.currency, r.content, r.business_date, r.issued_at, v.voided_at, v.replaced_by_id
  from receipts r left join receipt_voidings v on v.agency_id = r.agency_id and v.receipt_id = r.id`;

/** An order's receipts by form and number, those voided since among them. */
export async function findReceiptsOfOrder(
  reader: Reader,
  order: { readonly agencyId: AgencyId; readonly id: OrderId },
): Promise<IssuedReceiptRecord[]> {
  const rows = await query<ReceiptRow>(
    reader,
    `select ${RECEIPT} where r.agency_id = :agencyId and r.order_id = :id order by r.form, r.symbol, r.number limit 1000`,
    { ...order },
  );
  return rows.map(receiptOf);
}

/** The receipt that a verification code was printed on, or null. */
export async function findReceiptByCode(reader: Reader, code: string): Promise<IssuedReceiptRecord | null> {
  const [row] = await query<ReceiptRow>(
    reader,
    `select ${RECEIPT} join directory d on d.agency_id = r.agency_id and d.subject_id = r.id
     where d.reference = :code and d.kind = 'receipt'`,
    { code },
  );
  return row ? receiptOf(row) : null;
}

function receiptOf(row: ReceiptRow): IssuedReceiptRecord {
  return {
    agencyId: row.agency_id,
    id: row.id,
    orderId: row.order_id,
    paymentId: row.payment_id,
    form: row.form,
    symbol: row.symbol,
    number: row.number,
    verificationCode: row.verification_code,
    amount: money(row.amount, row.currency),
    content: row.content,
    businessDate: row.business_date,
    issuedAt: row.issued_at,
    voided: row.voided_at === null ? null : { at: row.voided_at, isReplaced: row.replaced_by_id !== null },
  };
}

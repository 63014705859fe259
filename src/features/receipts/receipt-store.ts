/** SQL of receipts as they are read: by id for the agency, by code for anyone, by order for the one who paid it. */
import type { AgencyId, OrderId, PaymentId, ReceiptId, RefundId } from '../../domain/kernel/ids.ts';
import { money, type Currency, type Money } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { LookupCode } from '../../domain/kernel/lookup-code.ts';
import type { ReceiptContent } from '../../domain/receipts/receipt.ts';
import { query, type Reader } from '../../platform/database.ts';

/** A receipt as it was frozen at issue, with what became of it since. */
export interface Receipt {
  readonly agencyId: AgencyId;
  readonly id: ReceiptId;
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  readonly form: string;
  readonly symbol: string;
  /** Seven digits. */
  readonly number: string;
  readonly verificationCode: LookupCode;
  readonly amount: Money;
  readonly content: ReceiptContent;
  readonly businessDate: Day;
  readonly issuedAt: Date;
  /** The receipt whose place it took. */
  readonly replacesId: ReceiptId | null;
  readonly voiding: ReceiptVoided | null;
}

export interface ReceiptVoided {
  readonly at: Date;
  readonly refundId: RefundId | null;
  /** The receipt that took its place; null when nothing is left to receipt. */
  readonly replacedById: ReceiptId | null;
}

export async function findReceipt(
  reader: Reader,
  key: { readonly agencyId: AgencyId; readonly receiptId: ReceiptId },
): Promise<Receipt | null> {
  const [row] = await query<ReceiptRow>(
    reader,
    `${SELECT} where r.agency_id = :agencyId and r.id = :receiptId`,
    { ...key },
  );
  return row ? receiptOf(row) : null;
}

/** The receipt with this verification code, whoever issued it; null when there is none. */
export async function findReceiptByCode(reader: Reader, code: LookupCode): Promise<Receipt | null> {
  const [row] = await query<ReceiptRow>(
    reader,
    `${SELECT} join directory d on d.agency_id = r.agency_id and d.subject_id = r.id
     where d.reference = :code and d.kind = 'receipt'`,
    { code },
  );
  return row ? receiptOf(row) : null;
}

/** All receipts of an order, voided ones too, oldest first. */
export async function findReceiptsOfOrder(
  reader: Reader,
  order: { readonly agencyId: AgencyId; readonly orderId: OrderId },
): Promise<Receipt[]> {
  const rows = await query<ReceiptRow>(
    reader,
    `${SELECT} where r.agency_id = :agencyId and r.order_id = :orderId order by r.id limit 1000`,
    { ...order },
  );
  return rows.map(receiptOf);
}

const SELECT = `
select r.agency_id, r.id, r.order_id, r.payment_id, r.form, r.symbol, lpad(r.number::text, 7, '0') as number,
  r.verification_code, r.amount, r.currency, r.content, r.business_date, r.issued_at, r.replaces_id,
  v.voided_at, v.refund_id, v.replaced_by_id
from receipts r left join receipt_voidings v on v.agency_id = r.agency_id and v.receipt_id = r.id`;

interface ReceiptRow {
  agency_id: AgencyId;
  id: ReceiptId;
  order_id: OrderId;
  payment_id: PaymentId;
  form: string;
  symbol: string;
  number: string;
  verification_code: LookupCode;
  amount: bigint;
  currency: Currency;
  content: ReceiptContent;
  business_date: Day;
  issued_at: Date;
  replaces_id: ReceiptId | null;
  voided_at: Date | null;
  refund_id: RefundId | null;
  replaced_by_id: ReceiptId | null;
}

function receiptOf(row: ReceiptRow): Receipt {
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
    replacesId: row.replaces_id,
    voiding:
      row.voided_at === null
        ? null
        : { at: row.voided_at, refundId: row.refund_id, replacedById: row.replaced_by_id },
  };
}

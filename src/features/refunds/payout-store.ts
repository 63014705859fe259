/** SQL of payouts: sealed accounts of refunds that people transfer. */
import type { AgencyId, OrderId, PaymentId, RefundId } from '../../domain/kernel/ids.ts';
import { money, type Currency, type Money } from '../../domain/kernel/money.ts';
import { query, type Reader, type Tx } from '../../platform/database.ts';
import type { RefundKey } from './refund-store.ts';

/** Refunds of an order that are under way at gateways that send nothing back. */
export interface WaitingRefund {
  readonly refundId: RefundId;
  readonly paymentId: PaymentId;
  readonly gateway: string;
  readonly amount: Money;
  /** Null until the payer has named an account. */
  readonly accountHint: string | null;
}

export async function findRefundsUnderWay(
  reader: Reader,
  order: { readonly agencyId: AgencyId; readonly orderId: OrderId },
): Promise<WaitingRefund[]> {
  const rows = await query<{
    id: RefundId;
    payment_id: PaymentId;
    gateway: string;
    amount: bigint;
    currency: Currency;
    account_hint: string | null;
  }>(
    reader,
    `select r.id, r.payment_id, p.gateway, r.amount, r.currency, y.account_hint
     from refunds r join payments p on p.id = r.payment_id
     left join payouts y on y.agency_id = r.agency_id and y.refund_id = r.id
     where r.agency_id = :agencyId and r.order_id = :orderId and r.state in ('requested', 'approved', 'submitted')
     order by r.id limit 100`,
    { ...order },
  );
  return rows.map((row) => ({
    refundId: row.id,
    paymentId: row.payment_id,
    gateway: row.gateway,
    amount: money(row.amount, row.currency),
    accountHint: row.account_hint,
  }));
}

/** Keeps the account of a refund unless one was named before. @returns whether it was kept */
export async function insertPayout(
  tx: Tx,
  payout: RefundKey & { readonly accountBox: string; readonly accountHint: string; readonly at: Date },
): Promise<boolean> {
  const rows = await query(
    tx,
    `insert into payouts (agency_id, refund_id, account_box, account_hint, given_at)
     values (:agencyId, :refundId, :accountBox, :accountHint, :at)
     on conflict (agency_id, refund_id) do nothing returning refund_id`,
    { ...payout },
  );
  return rows.length > 0;
}

export interface DuePayout extends RefundKey {
  readonly refundReference: string;
  readonly amount: Money;
  readonly payerName: string | null;
  /** Null while the payer has yet to name an account. */
  readonly accountBox: string | null;
}

/** Approved refunds of these gateways, oldest first: what is to be transferred, and what waits for its account. */
export async function findDuePayouts(
  reader: Reader,
  gateways: readonly string[],
  limit: number,
): Promise<DuePayout[]> {
  const rows = await query<{
    agency_id: AgencyId;
    id: RefundId;
    refund_reference: string;
    amount: bigint;
    currency: Currency;
    payer_name: string | null;
    account_box: string | null;
  }>(
    reader,
    `select r.agency_id, r.id, r.refund_reference, r.amount, r.currency, o.payer_name, y.account_box
     from refunds r join payments p on p.id = r.payment_id
     left join payment_orders o on o.agency_id = r.agency_id and o.id = r.order_id
     left join payouts y on y.agency_id = r.agency_id and y.refund_id = r.id
     where r.state in ('approved', 'submitted') and p.gateway = any (:gateways::text[])
     order by r.decided_at, r.id limit :limit`,
    { gateways: [...gateways], limit },
  );
  return rows.map((row) => ({
    agencyId: row.agency_id,
    refundId: row.id,
    refundReference: row.refund_reference,
    amount: money(row.amount, row.currency),
    payerName: row.payer_name,
    accountBox: row.account_box,
  }));
}

/** Notes that the transfer was made. @returns false when no account is known, or it was noted before */
export async function markPaidOut(
  tx: Tx,
  key: RefundKey,
  fact: {
    readonly bankTransaction: string;
    readonly preparedBy: string;
    readonly confirmedBy: string;
    readonly paidAt: Date;
  },
): Promise<boolean> {
  const rows = await query(
    tx,
    `update payouts set bank_transaction = :bankTransaction, prepared_by = :preparedBy, confirmed_by = :confirmedBy,
       paid_at = :paidAt
     where agency_id = :agencyId and refund_id = :refundId and paid_at is null returning refund_id`,
    { ...key, ...fact },
  );
  return rows.length > 0;
}

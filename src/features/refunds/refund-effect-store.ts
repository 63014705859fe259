/** SQL of what a refund does to others: its orders, its payment, receipts and cases. */
import type { AgencyId, CaseId, OrderId, PaymentId, ReceiptId, RefundId } from '../../domain/kernel/ids.ts';
import type { PaymentOrderStatus } from '../../domain/orders/payment-order-lifecycle.ts';
import type { ReceiptDraft } from '../../domain/receipts/receipt.ts';
import { query, type Tx } from '../../platform/database.ts';
import type { OrderKey } from './refund-reading-store.ts';

/** Writes what changed of a locked order; raises its version, so that whoever decided on the old one asks again. */
export async function updateOrder(
  tx: Tx,
  order: OrderKey,
  change: {
    readonly status: PaymentOrderStatus;
    readonly amountRefunded: number;
    readonly eventSequence: number;
  },
): Promise<void> {
  await query(
    tx,
    `update payment_orders set version = version + 1, status = :status, amount_refunded = :amountRefunded,
       event_sequence = :eventSequence
     where agency_id = :agencyId and id = :orderId`,
    { ...order, ...change },
  );
}

/** An order refunded whole holds its obligations no longer: they may be asked for again. */
export async function leaveObligations(tx: Tx, order: OrderKey): Promise<void> {
  await query(tx, 'delete from open_obligations where agency_id = :agencyId and order_id = :orderId', {
    ...order,
  });
}

/** An order whose money came back holds them again, unless another order took them meanwhile. */
export async function retakeObligations(tx: Tx, order: OrderKey): Promise<void> {
  await query(
    tx,
    `insert into open_obligations (agency_id, obligation_scope, obligation_key, order_id, line_no)
     select agency_id, obligation_scope, obligation_key, order_id, line_no
     from order_lines where agency_id = :agencyId and order_id = :orderId and stays_after_payment
     order by obligation_scope, obligation_key
     on conflict do nothing`,
    { ...order },
  );
}

/** A payment of a wrong amount whose money went back: it is resolved, its case closed, its orders free again. */
export async function resolvePayment(
  tx: Tx,
  paymentId: PaymentId,
  by: { readonly actor: string; readonly at: Date; readonly note: string },
): Promise<void> {
  const key = { paymentId };
  await query(
    tx,
    `update payments set state = 'resolved', version = version + 1 where id = :paymentId and state = 'mismatched'`,
    key,
  );
  // By way of the allocations: claims are found by their order, and there is one for every open order.
  await query(
    tx,
    `delete from order_claims c using allocations a
     where a.payment_id = :paymentId and c.agency_id = a.agency_id and c.order_id = a.order_id
       and c.payment_id = a.payment_id`,
    key,
  );
  await query(
    tx,
    `update allocations set claim = 'released' where payment_id = :paymentId and claim = 'reserved'`,
    key,
  );
  await query(
    tx,
    `update cases set resolved_at = :at, resolved_by = :actor, note = :note
     where kind = 'amount_differs' and payment_id = :paymentId and resolved_at is null`,
    { ...key, ...by },
  );
}

/** Issues receipts; the counters of their series are the last locks to be taken. @returns their numbers by id */
export async function issueReceipts(
  tx: Tx,
  drafts: readonly ReceiptDraft[],
): Promise<Readonly<Record<string, number>>> {
  if (drafts.length === 0) return {};
  const [row] = await query<{ numbers: Record<string, number> }>(
    tx,
    'select issue_receipts(:drafts::jsonb) as numbers',
    {
      drafts: JSON.stringify(
        drafts.map((draft) => ({
          agency_id: draft.agencyId,
          id: draft.id,
          order_id: draft.orderId,
          payment_id: draft.paymentId,
          form: draft.form,
          symbol: draft.symbol,
          verification_code: draft.verificationCode,
          amount: Number(draft.amount.amountMinor),
          currency: draft.amount.currency,
          content: draft.content,
          business_date: draft.businessDate,
          issued_at: draft.issuedAt.toISOString(),
          replaces_id: draft.replacesId,
        })),
      ),
    },
  );
  return row?.numbers ?? {};
}

export interface ReceiptVoiding {
  readonly agencyId: AgencyId;
  readonly receiptId: ReceiptId;
  readonly refundId: RefundId;
  readonly replacedById: ReceiptId | null;
}

export async function voidReceipts(tx: Tx, voidings: readonly ReceiptVoiding[], at: Date): Promise<void> {
  for (const voiding of voidings) {
    await query(
      tx,
      `insert into receipt_voidings (agency_id, receipt_id, refund_id, replaced_by_id, voided_at)
       values (:agencyId, :receiptId, :refundId, :replacedById, :at)`,
      { ...voiding, at },
    );
  }
}

export interface NewCase {
  readonly agencyId: AgencyId;
  readonly id: CaseId;
  readonly kind:
    'refund_failed' | 'surplus_above_limit' | 'conflicting_outcome' | 'outcome_overdue' | 'amount_differs';
  readonly subject: string;
  readonly paymentId: PaymentId;
  readonly orderId: OrderId | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly openedAt: Date;
}

/** Opens a case for a person, once for each kind and subject; a refund that fails anew opens its case anew. */
export async function openCase(tx: Tx, opened: NewCase): Promise<void> {
  await query(
    tx,
    `insert into cases (agency_id, id, kind, subject, payment_id, order_id, detail, opened_at)
     values (:agencyId, :id, :kind, :subject, :paymentId, :orderId, :detail::jsonb, :openedAt)
     on conflict (agency_id, kind, subject) do update
       set resolved_at = null, resolved_by = null, note = null, detail = excluded.detail, opened_at = excluded.opened_at
       where cases.kind = 'refund_failed' and cases.resolved_at is not null`,
    { ...opened, detail: JSON.stringify(opened.detail) },
  );
}

/** Closes the cases of one kind that wait on a payment's refund, and were open when it was asked for. */
export async function resolveCases(
  tx: Tx,
  cases: {
    readonly agencyId: AgencyId;
    readonly kind: NewCase['kind'];
    readonly subject: string;
    readonly openedBy: Date;
  },
  by: { readonly actor: string; readonly at: Date; readonly note: string },
): Promise<void> {
  await query(
    tx,
    `update cases set resolved_at = :at, resolved_by = :actor, note = :note
     where agency_id = :agencyId and kind = :kind and subject = :subject and resolved_at is null
       and opened_at <= :openedBy`,
    { ...cases, ...by },
  );
}

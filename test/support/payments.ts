/** Payments for tests that begin after hand-off: real rows of orders, allocations and claims, without the doors before them. */
import {
  publicId,
  type AgencyId,
  type LedgerAccountId,
  type OrderId,
  type PaymentId,
} from '../../src/domain/kernel/ids.ts';
import { vnd } from '../../src/domain/kernel/money.ts';
import { addMinutes, type Clock } from '../../src/domain/kernel/time.ts';
import { clearingAccount, payableAccount } from '../../src/domain/ledger/accounts.ts';
import type { AccountBook } from '../../src/features/ledger/account-store.ts';
import { extendBusinessDays } from '../../src/features/ledger/business-day-store.ts';
import {
  insertPayment,
  nextPaymentNumber,
  type NewAllocation,
} from '../../src/features/payments/payment-store.ts';
import { inTransaction, query, type Database } from '../../src/platform/database.ts';
import { newTestId } from './ids.ts';

export interface TestShop {
  readonly db: Database;
  readonly clock: Clock;
  readonly accounts: AccountBook;
}

/** Two agencies with a beneficiary each, an obligation type, the sandbox account, and days around `from`. */
export async function openTestShop(
  shop: TestShop,
  options: { readonly feeBearer?: 'platform' | 'agency' } = {},
): Promise<void> {
  const { db } = shop;
  for (const agencyId of [1, 2]) {
    await query(
      db,
      `insert into agencies (id, public_id, code, name_vi, name_en) values (:agencyId, :publicId, :code, :code, :code)`,
      { agencyId, publicId: newTestId(), code: `A${String(agencyId)}` },
    );
    await query(
      db,
      `insert into beneficiaries (agency_id, code, kind, name, bank_name, account_number)
       values (:agencyId, 'F1', 'fee_account', 'Fees', 'Bank', '1')`,
      { agencyId },
    );
  }
  await query(
    db,
    `insert into obligation_types (code, label_vi, label_en, priced_by, default_beneficiary_kind, partial_payment,
       stays_after_payment, receipt_form, refund_route)
     values ('fee', 'Lệ phí', 'Fee', 'agency', 'fee_account', 'none', false, '01BLP0-001', 'gateway') on conflict do nothing`,
  );
  await query(
    db,
    `insert into merchant_accounts (gateway, code, merchant_id, secrets_box, fee_bearer)
     values ('sandbox', 'platform', 'DVC01', '', :feeBearer)`,
    { feeBearer: options.feeBearer ?? 'platform' },
  );
  await extendBusinessDays(db, '2026-01-01' as never, '2026-12-31' as never);
}

export interface TestPayment {
  readonly id: PaymentId;
  readonly reference: string;
  readonly amount: number;
  readonly orders: readonly { readonly agencyId: number; readonly id: OrderId }[];
}

/** A payment that waits for its outcome; one order for each part. */
export async function aPayment(
  shop: TestShop,
  parts: readonly { readonly agencyId: number; readonly amount: number }[],
): Promise<TestPayment> {
  const { db, clock } = shop;
  const id = newTestId() as PaymentId;
  const number = await nextPaymentNumber(db);
  const reference = `SB${String(number)}`;
  const now = clock.now();
  const allocations: NewAllocation[] = [];
  for (const part of parts) {
    const agencyId = part.agencyId as AgencyId;
    const orderId = await anOrder(shop, part);
    const entry = { beneficiaryCode: 'F1', budgetChapter: null, budgetSubItem: null };
    const [clearing, payable] = await shop.accounts([
      clearingAccount(agencyId, 'VND', 'sandbox', 'platform'),
      payableAccount(agencyId, 'VND', entry),
    ]);
    allocations.push({
      agencyId,
      orderId,
      amount: vnd(part.amount),
      clearingAccountId: clearing?.id as LedgerAccountId,
      lines: [
        {
          lineNo: 1,
          orderLineNo: 1,
          kind: 'fee',
          description: 'Fee',
          ...entry,
          receiptForm: '01BLP0-001',
          payableAccountId: payable?.id as LedgerAccountId,
          amount: vnd(part.amount),
          calculation: null,
        },
      ],
    });
  }
  const amount = parts.reduce((running, part) => running + part.amount, 0);
  await inTransaction(db, (tx) =>
    insertPayment(tx, {
      id,
      number,
      gateway: 'sandbox',
      merchantAccount: 'platform',
      merchantReference: reference,
      amount: vnd(amount),
      locale: 'vi',
      startedAt: now,
      lifetimeEndsAt: addMinutes(now, 15),
      firstQueryAt: addMinutes(now, 2),
      allocations,
    }),
  );
  await query(
    db,
    `update payments set state = 'handed_off', handed_off_at = :now, version = version + 1 where id = :id`,
    {
      id,
      now,
    },
  );
  return {
    id,
    reference,
    amount,
    orders: allocations.map(({ agencyId, orderId }) => ({ agencyId, id: orderId })),
  };
}

async function anOrder(
  { db, clock }: TestShop,
  part: { readonly agencyId: number; readonly amount: number },
): Promise<OrderId> {
  const id = newTestId() as OrderId;
  const now = clock.now();
  await query(
    db,
    `insert into payment_orders (agency_id, id, lookup_code, status, event_sequence, currency, principal_amount, created_by,
       created_at, expires_at)
     values (:agencyId, :id, :code, 'open', 1, 'VND', :amount, 'test', :now, :expiresAt)`,
    { ...part, id, code: publicId('po', id), now, expiresAt: addMinutes(now, 60 * 24 * 30) },
  );
  await query(
    db,
    `insert into order_lines (agency_id, order_id, line_no, obligation_type, description, unit_amount, amount, beneficiary_code,
       receipt_form, obligation_scope, obligation_key, stays_after_payment)
     values (:agencyId, :id, 1, 'fee', 'Fee', :amount, :amount, 'F1', '01BLP0-001', :id, 'fee', false)`,
    { ...part, id },
  );
  await query(
    db,
    `insert into open_obligations (agency_id, obligation_scope, obligation_key, order_id, line_no)
     values (:agencyId, :id::text, 'fee', :id::uuid, 1)`,
    { agencyId: part.agencyId, id },
  );
  await query(
    db,
    `insert into events (agency_id, id, order_id, sequence, type, occurred_at, body)
     values (:agencyId, :eventId, :id, 1, 'payment_order.opened', :now, '{}')`,
    { agencyId: part.agencyId, eventId: newTestId(), id, now },
  );
  return id;
}

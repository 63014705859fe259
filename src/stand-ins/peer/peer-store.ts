/** SQL of a played gateway's book: payments, charges, refunds, what is still to be told, and the faults switched on. */
import { query, type Database, type Reader, type Tx } from '../../platform/database.ts';
import type { Claim } from '../notice-sender.ts';
import type { NewPayment, PeerCharge, PeerPayment, PeerRefund, PeerSwitch, Truth } from './peer-types.ts';

const PAYMENT = `id, merchant_id as "merchantId", reference, amount, description, locale, return_url as "returnUrl",
  callback_url as "callbackUrl", details, created_at as "createdAt", expires_at as "expiresAt", state, code,
  approve_at as "approveAt", manner`;
const CHARGE = `transaction_id as "transactionId", payment_id as "paymentId", amount, charged_at as "chargedAt"`;
const REFUND = `merchant_id as "merchantId", refund_reference as "refundReference", refund_id as "refundId",
  transaction_id as "transactionId", payment_id as "paymentId", amount, details, state, approve_at as "approveAt",
  asked_at as "askedAt", refunded_at as "refundedAt"`;

export async function nextNumber(reader: Reader): Promise<bigint> {
  const [row] = await query<{ number: bigint }>(
    reader,
    `select nextval('stand_in.peer_transaction_numbers') as number`,
  );
  return row?.number ?? 0n;
}

/** @returns whether it is new; one of the same reference stays as it is */
export async function insertPayment(
  db: Reader,
  gateway: string,
  payment: NewPayment & { readonly id: string; readonly createdAt: Date },
): Promise<boolean> {
  const rows = await query(
    db,
    `insert into stand_in.peer_payments (id, gateway, merchant_id, reference, amount, description, locale, return_url,
       callback_url, details, created_at, expires_at)
     values (:id, :gateway, :merchantId, :reference, :amount, :description, :locale, :returnUrl, :callbackUrl,
       :details::jsonb, :createdAt, :expiresAt)
     on conflict (gateway, merchant_id, reference) do nothing returning id`,
    { ...payment, gateway, details: JSON.stringify(payment.details) },
  );
  return rows.length > 0;
}

export async function findPayment(
  reader: Reader,
  key: { readonly gateway: string; readonly merchantId: string; readonly reference: string },
): Promise<PeerPayment | null> {
  const [row] = await query<PeerPayment>(
    reader,
    `select ${PAYMENT} from stand_in.peer_payments
     where gateway = :gateway and merchant_id = :merchantId and reference = :reference`,
    { ...key },
  );
  return row ?? null;
}

export async function findPaymentById(
  reader: Reader,
  gateway: string,
  id: string,
): Promise<PeerPayment | null> {
  const [row] = await query<PeerPayment>(
    reader,
    `select ${PAYMENT} from stand_in.peer_payments where gateway = :gateway and id = :id`,
    { gateway, id },
  );
  return row ?? null;
}

export async function lockPayment(tx: Tx, gateway: string, id: string): Promise<PeerPayment | null> {
  const [row] = await query<PeerPayment>(
    tx,
    `select ${PAYMENT} from stand_in.peer_payments where gateway = :gateway and id = :id for update`,
    { gateway, id },
  );
  return row ?? null;
}

/** Payments whose delayed approval has come. */
export async function lockPaymentsToApprove(tx: Tx, gateway: string, now: Date): Promise<PeerPayment[]> {
  return query<PeerPayment>(
    tx,
    `select ${PAYMENT} from stand_in.peer_payments
     where gateway = :gateway and state = 'processing' and approve_at <= :now
     order by id limit 100 for update skip locked`,
    { gateway, now },
  );
}

export async function updatePayment(tx: Tx, payment: PeerPayment): Promise<void> {
  const { id, state, code, approveAt, manner } = payment;
  await query(
    tx,
    `update stand_in.peer_payments set state = :state, code = :code, approve_at = :approveAt, manner = :manner
     where id = :id`,
    { id, state, code, approveAt, manner },
  );
}

export async function listPayments(db: Database, gateway: string, limit: number): Promise<PeerPayment[]> {
  return query<PeerPayment>(
    db,
    `select ${PAYMENT} from stand_in.peer_payments where gateway = :gateway order by created_at desc, id limit :limit`,
    { gateway, limit },
  );
}

export async function insertCharge(tx: Tx, gateway: string, charge: PeerCharge): Promise<void> {
  await query(
    tx,
    `insert into stand_in.peer_charges (gateway, transaction_id, payment_id, amount, charged_at)
     values (:gateway, :transactionId, :paymentId, :amount, :chargedAt)`,
    { gateway, ...charge },
  );
}

export async function chargesOfPayment(reader: Reader, paymentId: string): Promise<PeerCharge[]> {
  return query<PeerCharge>(
    reader,
    `select ${CHARGE} from stand_in.peer_charges where payment_id = :paymentId order by charged_at, transaction_id
     limit 100`,
    { paymentId },
  );
}

export async function findCharge(
  reader: Reader,
  gateway: string,
  transactionId: string,
): Promise<PeerCharge | null> {
  const [row] = await query<PeerCharge>(
    reader,
    `select ${CHARGE} from stand_in.peer_charges where gateway = :gateway and transaction_id = :transactionId`,
    { gateway, transactionId },
  );
  return row ?? null;
}

export async function listCharges(db: Database, gateway: string, limit: number): Promise<PeerCharge[]> {
  return query<PeerCharge>(
    db,
    `select ${CHARGE} from stand_in.peer_charges where gateway = :gateway
     order by charged_at desc, transaction_id desc limit :limit`,
    { gateway, limit },
  );
}

export async function insertRefund(tx: Tx, gateway: string, refund: PeerRefund): Promise<void> {
  await query(
    tx,
    `insert into stand_in.peer_refunds (gateway, merchant_id, refund_reference, refund_id, transaction_id, payment_id,
       amount, details, state, approve_at, asked_at, refunded_at)
     values (:gateway, :merchantId, :refundReference, :refundId, :transactionId, :paymentId, :amount, :details::jsonb,
       :state, :approveAt, :askedAt, :refundedAt)`,
    { gateway, ...refund, details: JSON.stringify(refund.details) },
  );
}

export async function findRefund(
  reader: Reader,
  key: { readonly gateway: string; readonly merchantId: string; readonly refundReference: string },
): Promise<PeerRefund | null> {
  const [row] = await query<PeerRefund>(
    reader,
    `select ${REFUND} from stand_in.peer_refunds
     where gateway = :gateway and merchant_id = :merchantId and refund_reference = :refundReference`,
    { ...key },
  );
  return row ?? null;
}

export async function refundsOfPayment(reader: Reader, paymentId: string): Promise<PeerRefund[]> {
  return query<PeerRefund>(
    reader,
    `select ${REFUND} from stand_in.peer_refunds where payment_id = :paymentId order by asked_at, refund_id limit 1000`,
    { paymentId },
  );
}

/** Makes the refunds that were taken a while ago. @returns those made now */
export async function approveDueRefunds(tx: Tx, gateway: string, now: Date): Promise<PeerRefund[]> {
  return query<PeerRefund>(
    tx,
    `update stand_in.peer_refunds set state = 'approved', refunded_at = approve_at
     where gateway = :gateway and state = 'processing' and approve_at <= :now returning ${REFUND}`,
    { gateway, now },
  );
}

export async function listRefunds(db: Database, gateway: string, limit: number): Promise<PeerRefund[]> {
  return query<PeerRefund>(
    db,
    `select ${REFUND} from stand_in.peer_refunds where gateway = :gateway order by asked_at desc, refund_id desc
     limit :limit`,
    { gateway, limit },
  );
}

export interface NewNotice {
  readonly gateway: string;
  readonly paymentId: string;
  readonly refundReference: string | null;
  readonly transactionId: string | null;
  readonly code: string | null;
  readonly truth: Truth;
  readonly lossesLeft: number;
  readonly dueAt: Date;
}

export async function insertNotice(tx: Tx, notice: NewNotice): Promise<void> {
  await query(
    tx,
    `insert into stand_in.peer_notices (gateway, payment_id, refund_reference, transaction_id, code, truth, losses_left,
       due_at)
     values (:gateway, :paymentId, :refundReference, :transactionId, :code, :truth, :lossesLeft, :dueAt)`,
    { ...notice },
  );
}

export interface DueNotice extends NewNotice {
  readonly id: bigint;
  readonly attempts: number;
}

/** Longer than one sending may take, so that a living sender keeps its rows. */
const LEASE_MS = 15_000;

/** Takes at most 32 due notices for this sender. */
export async function claimNotices(db: Database, gateway: string, claim: Claim): Promise<DueNotice[]> {
  return query<DueNotice>(
    db,
    `with due as materialized (
       select id as due_id from stand_in.peer_notices
       where gateway = :gateway and done_at is null and (due_at <= :now or :ignoreDueTime::boolean)
         and id <> all (:except::bigint[]) and (leased_until is null or leased_until < :now)
         and not exists (select 1 from stand_in.peer_switches
                         where gateway = :gateway and name = 'hold_notices' and remaining > 0)
       order by case when exists (select 1 from stand_in.peer_switches
                                  where gateway = :gateway and name = 'shuffle_notices' and remaining > 0)
                     then random() else 0 end, id
       limit 32 for update skip locked)
     update stand_in.peer_notices set leased_until = :leasedUntil, attempts = attempts + 1
     from due where id = due_id
     returning id, gateway, payment_id as "paymentId", refund_reference as "refundReference",
       transaction_id as "transactionId", code, truth, losses_left as "lossesLeft", due_at as "dueAt", attempts`,
    { ...claim, gateway, except: [...claim.except], leasedUntil: new Date(claim.now.getTime() + LEASE_MS) },
  );
}

/** What became of one sending; `nextAt` null ends it. */
export async function recordSending(
  db: Database,
  sent: {
    readonly id: bigint;
    readonly status: number | null;
    readonly answer: string;
    readonly nextAt: Date | null;
    readonly wasLost: boolean;
  },
  now: Date,
): Promise<void> {
  await query(
    db,
    `update stand_in.peer_notices set leased_until = null, last_status = :status, last_answer = :answer,
       losses_left = losses_left - case when :wasLost::boolean then 1 else 0 end,
       due_at = coalesce(:nextAt::timestamptz, due_at),
       done_at = case when :nextAt::timestamptz is null then :now::timestamptz end
     where id = :id`,
    { ...sent, answer: sent.answer.slice(0, 500), now },
  );
}

export interface NoticeRow {
  readonly reference: string;
  readonly truth: Truth;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastAnswer: string | null;
  readonly doneAt: Date | null;
}

export async function listNotices(db: Database, gateway: string, limit: number): Promise<NoticeRow[]> {
  return query<NoticeRow>(
    db,
    `select coalesce(n.refund_reference, p.reference) as reference, n.truth, n.attempts,
       n.last_status as "lastStatus", n.last_answer as "lastAnswer", n.done_at as "doneAt"
     from stand_in.peer_notices n join stand_in.peer_payments p on p.id = n.payment_id
     where n.gateway = :gateway order by n.id desc limit :limit`,
    { gateway, limit },
  );
}

export async function setSwitch(
  db: Database,
  gateway: string,
  name: PeerSwitch,
  count: number,
): Promise<void> {
  await query(
    db,
    `insert into stand_in.peer_switches (gateway, name, remaining) values (:gateway, :name, :count)
     on conflict (gateway, name) do update set remaining = excluded.remaining`,
    { gateway, name, count },
  );
}

/** Uses one of the times a fault is to be played. @returns whether there was one left */
export async function useSwitch(reader: Reader, gateway: string, name: PeerSwitch): Promise<boolean> {
  const rows = await query(
    reader,
    `update stand_in.peer_switches set remaining = remaining - 1
     where gateway = :gateway and name = :name and remaining > 0 returning name`,
    { gateway, name },
  );
  return rows.length > 0;
}

export async function switchValue(reader: Reader, gateway: string, name: PeerSwitch): Promise<number> {
  const [row] = await query<{ remaining: number }>(
    reader,
    'select remaining from stand_in.peer_switches where gateway = :gateway and name = :name',
    { gateway, name },
  );
  return row?.remaining ?? 0;
}

export async function listSwitches(
  db: Database,
  gateway: string,
): Promise<{ readonly name: PeerSwitch; readonly remaining: number }[]> {
  return query(
    db,
    `select name, remaining from stand_in.peer_switches where gateway = :gateway and remaining > 0 order by name`,
    { gateway },
  );
}

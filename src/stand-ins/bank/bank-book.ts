/** What the pretend bank remembers: all SQL of its orders, charges, refunds and switches. */
import { query, type Reader, type Tx } from '../../platform/database.ts';
import type { BankCharge, BankOrder, BankRefund, BankSwitch, FileFault } from './bank-types.ts';

const ORDER_COLUMNS = `id, merchant_id as "merchantId", merchant_reference as "merchantReference", amount, currency,
  description, locale, return_url as "returnUrl", callback_url as "callbackUrl", created_at as "createdAt",
  expires_at as "expiresAt", state, code, approve_at as "approveAt", manner`;
const CHARGE_COLUMNS = `transaction_id as "transactionId", order_id as "orderId", merchant_id as "merchantId",
  merchant_reference as "merchantReference", amount, fee, charged_at as "chargedAt"`;
const REFUND_COLUMNS = `refund_id as "refundId", merchant_id as "merchantId", refund_reference as "refundReference",
  transaction_id as "transactionId", amount, state, code, approve_at as "approveAt", refunded_at as "refundedAt"`;

/** Keeps a new order, or leaves the one that already has this merchant's reference. */
export async function insertOrder(
  tx: Tx,
  order: Omit<BankOrder, 'state' | 'code' | 'approveAt' | 'manner'>,
): Promise<void> {
  await query(
    tx,
    `insert into stand_in.bank_orders (id, merchant_id, merchant_reference, amount, currency, description, locale,
       return_url, callback_url, created_at, expires_at)
     values (:id, :merchantId, :merchantReference, :amount, :currency, :description, :locale,
       :returnUrl, :callbackUrl, :createdAt, :expiresAt)
     on conflict (merchant_id, merchant_reference) do nothing`,
    { ...order },
  );
}

export async function findOrder(reader: Reader, id: string): Promise<BankOrder | null> {
  const rows = await query<BankOrder>(
    reader,
    `select ${ORDER_COLUMNS} from stand_in.bank_orders where id = :id`,
    { id },
  );
  return rows[0] ?? null;
}

export async function findOrderByReference(
  reader: Reader,
  merchantId: string,
  merchantReference: string,
): Promise<BankOrder | null> {
  const rows = await query<BankOrder>(
    reader,
    `select ${ORDER_COLUMNS} from stand_in.bank_orders
      where merchant_id = :merchantId and merchant_reference = :merchantReference`,
    { merchantId, merchantReference },
  );
  return rows[0] ?? null;
}

export async function lockOrder(tx: Tx, id: string): Promise<BankOrder | null> {
  const rows = await query<BankOrder>(
    tx,
    `select ${ORDER_COLUMNS} from stand_in.bank_orders where id = :id for update`,
    { id },
  );
  return rows[0] ?? null;
}

export async function updateOrder(
  tx: Tx,
  order: Pick<BankOrder, 'id' | 'state' | 'code' | 'approveAt' | 'manner'>,
): Promise<void> {
  await query(
    tx,
    `update stand_in.bank_orders set state = :state, code = :code, approve_at = :approveAt, manner = :manner
      where id = :id`,
    { id: order.id, state: order.state, code: order.code, approveAt: order.approveAt, manner: order.manner },
  );
}

/** Orders whose delayed approval is due; another process's are skipped. */
export async function lockOrdersToApprove(tx: Tx, now: Date): Promise<BankOrder[]> {
  return query<BankOrder>(
    tx,
    `select ${ORDER_COLUMNS} from stand_in.bank_orders
      where state = 'processing' and approve_at <= :now
      order by approve_at limit 100 for update skip locked`,
    { now },
  );
}

/** The bank's next number, with its prefix: unique over charges and refunds. */
export async function nextNumber(tx: Tx, prefix: 'BT' | 'BR'): Promise<string> {
  const rows = await query<{ number: bigint }>(
    tx,
    `select nextval('stand_in.bank_transaction_numbers') as number`,
  );
  return prefix + String(rows[0]?.number).padStart(10, '0');
}

export async function insertCharge(tx: Tx, charge: BankCharge): Promise<void> {
  await query(
    tx,
    `insert into stand_in.bank_charges (transaction_id, order_id, merchant_id, merchant_reference, amount, fee, charged_at)
     values (:transactionId, :orderId, :merchantId, :merchantReference, :amount, :fee, :chargedAt)`,
    { ...charge },
  );
}

export async function chargesOfOrder(reader: Reader, orderId: string): Promise<BankCharge[]> {
  return query<BankCharge>(
    reader,
    `select ${CHARGE_COLUMNS} from stand_in.bank_charges where order_id = :orderId order by transaction_id`,
    { orderId },
  );
}

export async function lockCharge(
  tx: Tx,
  merchantId: string,
  transactionId: string,
): Promise<BankCharge | null> {
  const rows = await query<BankCharge>(
    tx,
    `select ${CHARGE_COLUMNS} from stand_in.bank_charges
      where merchant_id = :merchantId and transaction_id = :transactionId for update`,
    { merchantId, transactionId },
  );
  return rows[0] ?? null;
}

/** The newest first; `limit` bounds what a page or a judge reads at once. */
export async function listCharges(reader: Reader, limit: number): Promise<BankCharge[]> {
  return query<BankCharge>(
    reader,
    `select ${CHARGE_COLUMNS} from stand_in.bank_charges order by transaction_id desc limit :limit::int`,
    { limit },
  );
}

export async function listOpenOrders(reader: Reader, limit: number): Promise<BankOrder[]> {
  return query<BankOrder>(
    reader,
    `select ${ORDER_COLUMNS} from stand_in.bank_orders where state in ('open', 'processing')
      order by created_at desc limit :limit::int`,
    { limit },
  );
}

export async function listRefunds(reader: Reader, limit: number): Promise<BankRefund[]> {
  return query<BankRefund>(
    reader,
    `select ${REFUND_COLUMNS} from stand_in.bank_refunds order by refund_id desc limit :limit::int`,
    { limit },
  );
}

export async function insertRefund(tx: Tx, refund: BankRefund): Promise<void> {
  await query(
    tx,
    `insert into stand_in.bank_refunds (refund_id, merchant_id, refund_reference, transaction_id, amount, state, code,
       approve_at, refunded_at)
     values (:refundId, :merchantId, :refundReference, :transactionId, :amount, :state, :code, :approveAt, :refundedAt)`,
    { ...refund },
  );
}

export async function findRefund(
  reader: Reader,
  merchantId: string,
  refundReference: string,
): Promise<BankRefund | null> {
  const rows = await query<BankRefund>(
    reader,
    `select ${REFUND_COLUMNS} from stand_in.bank_refunds
      where merchant_id = :merchantId and refund_reference = :refundReference`,
    { merchantId, refundReference },
  );
  return rows[0] ?? null;
}

/** What was or is being given back of one charge, in dong. */
export async function refundedOf(reader: Reader, transactionId: string): Promise<bigint> {
  const rows = await query<{ total: bigint }>(
    reader,
    `select coalesce(sum(amount), 0)::bigint as total from stand_in.bank_refunds
      where transaction_id = :transactionId and state <> 'declined'`,
    { transactionId },
  );
  return rows[0]?.total ?? 0n;
}

/** Approves the refunds whose delay is over and returns them. */
export async function approveDueRefunds(tx: Tx, now: Date): Promise<BankRefund[]> {
  return query<BankRefund>(
    tx,
    `with due as materialized (
       select refund_id as due_id from stand_in.bank_refunds
        where state = 'processing' and approve_at <= :now
        order by approve_at limit 100 for update skip locked)
     update stand_in.bank_refunds set state = 'approved', code = '00', refunded_at = approve_at
       from due where refund_id = due_id
     returning ${REFUND_COLUMNS}`,
    { now },
  );
}

export async function chargesBetween(
  reader: Reader,
  merchantId: string,
  from: Date,
  until: Date,
): Promise<BankCharge[]> {
  return query<BankCharge>(
    reader,
    `select ${CHARGE_COLUMNS} from stand_in.bank_charges
      where merchant_id = :merchantId and charged_at >= :from and charged_at < :until order by transaction_id`,
    { merchantId, from, until },
  );
}

export async function refundsBetween(
  reader: Reader,
  merchantId: string,
  from: Date,
  until: Date,
): Promise<BankRefund[]> {
  return query<BankRefund>(
    reader,
    `select ${REFUND_COLUMNS} from stand_in.bank_refunds
      where merchant_id = :merchantId and state = 'approved' and refunded_at >= :from and refunded_at < :until
      order by refund_id`,
    { merchantId, from, until },
  );
}

export async function insertFileFault(reader: Reader, fault: FileFault): Promise<void> {
  await query(
    reader,
    `insert into stand_in.bank_file_faults (merchant_id, day, kind, transaction_id, amount)
     values (:merchantId, :day, :kind, :transactionId, :amount)`,
    { ...fault, amount: fault.amount ?? null },
  );
}

export async function fileFaultsOf(reader: Reader, merchantId: string, day: string): Promise<FileFault[]> {
  return query<FileFault>(
    reader,
    `select merchant_id as "merchantId", day, kind, transaction_id as "transactionId", amount
       from stand_in.bank_file_faults where merchant_id = :merchantId and day = :day order by id`,
    { merchantId, day },
  );
}

export async function setSwitch(reader: Reader, name: BankSwitch, remaining: number): Promise<void> {
  await query(
    reader,
    `insert into stand_in.bank_switches (name, remaining) values (:name, :remaining::int)
     on conflict (name) do update set remaining = excluded.remaining`,
    { name, remaining },
  );
}

/** How often a fault is still to be played; 0 is off. Reading does not use it up. */
export async function switchValue(reader: Reader, name: BankSwitch): Promise<number> {
  const rows = await query<{ remaining: number }>(
    reader,
    'select remaining from stand_in.bank_switches where name = :name',
    { name },
  );
  return rows[0]?.remaining ?? 0;
}

/** Whether a fault is to be played now; each yes counts one down. */
export async function useSwitch(reader: Reader, name: BankSwitch): Promise<boolean> {
  const rows = await query(
    reader,
    `update stand_in.bank_switches set remaining = remaining - 1
      where name = :name and remaining > 0 returning name`,
    { name },
  );
  return rows.length > 0;
}

export async function listSwitches(reader: Reader): Promise<{ name: BankSwitch; remaining: number }[]> {
  return query(
    reader,
    'select name, remaining from stand_in.bank_switches where remaining > 0 order by name',
  );
}

/** SQL of the notices the pretend bank still owes its merchants. The row is the job; a lease outlives a dead sender. */
import { query, type Database, type Reader, type Tx } from '../../platform/database.ts';
import type { Claim } from '../notice-sender.ts';
import { switchValue } from './bank-book.ts';
import type { BankOrder, CallbackManner } from './bank-types.ts';

/** Longer than one sending may take, so that a living sender keeps its rows. */
const LEASE_MS = 15_000;
const LOSSES = 3;

/** Queues a notice in the manner asked for, in the transaction of the fact it tells. */
export async function queueCallback(
  tx: Tx,
  order: Pick<BankOrder, 'merchantId' | 'callbackUrl'>,
  subject: string,
  item: object,
  { manner, now }: { readonly manner: CallbackManner; readonly now: Date },
): Promise<void> {
  if (manner === 'never') return;
  const noticeId = `${subject}-${String(now.getTime())}`;
  const body = JSON.stringify({ merchant_id: order.merchantId, notice_id: noticeId, items: [item] });
  const copies = Math.max(await switchValue(tx, 'repeat_callbacks'), manner === 'twice' ? 2 : 1);
  await query(
    tx,
    `insert into stand_in.bank_callbacks (merchant_id, subject, url, body, forged, losses_left, due_at)
     select :merchantId, :subject, :url, :body, copy = 0, :losses::int, :now
       from generate_series(:first::int, :copies::int) as copy`,
    {
      merchantId: order.merchantId,
      subject,
      url: order.callbackUrl,
      body,
      losses: manner === 'lost' ? LOSSES : 0,
      now,
      first: manner === 'forged' ? 0 : 1,
      copies,
    },
  );
}

export interface DueCallback {
  readonly id: bigint;
  readonly merchantId: string;
  readonly url: string;
  readonly body: string;
  readonly forged: boolean;
  readonly lossesLeft: number;
  readonly attempts: number;
}

/** Takes at most `limit` due notices for this sender. */
export async function claimCallbacks(
  db: Database,
  { now, ignoreDueTime, except }: Claim,
  limit: number,
): Promise<DueCallback[]> {
  return query<DueCallback>(
    db,
    `with due as materialized (
       select id as due_id from stand_in.bank_callbacks
        where done_at is null
          and (due_at <= :now or :ignoreDueTime::boolean)
          and id <> all (:except::bigint[])
          and (leased_until is null or leased_until < :now)
          and not exists (select 1 from stand_in.bank_switches where name = 'hold_callbacks' and remaining > 0)
        order by case when exists (select 1 from stand_in.bank_switches
                                    where name = 'shuffle_callbacks' and remaining > 0)
                      then random() else 0 end, id
        limit :limit::int for update skip locked)
     update stand_in.bank_callbacks set leased_until = :leasedUntil, attempts = attempts + 1
       from due where id = due_id
     returning id, merchant_id as "merchantId", url, body, forged, losses_left as "lossesLeft", attempts`,
    { now, ignoreDueTime, except: [...except], limit, leasedUntil: new Date(now.getTime() + LEASE_MS) },
  );
}

export interface SendingResult {
  readonly id: bigint;
  readonly status: number | null;
  readonly error: string | null;
  /** Null: done, it is not sent again. */
  readonly nextAt: Date | null;
  readonly wasLost: boolean;
}

export async function recordSending(db: Database, result: SendingResult, now: Date): Promise<void> {
  await query(
    db,
    `update stand_in.bank_callbacks
        set leased_until = null, last_status = :status::int, last_error = :error,
            losses_left = losses_left - :lost::int,
            due_at = coalesce(:nextAt::timestamptz, due_at),
            done_at = case when :nextAt::timestamptz is null then :now::timestamptz end
      where id = :id`,
    {
      id: result.id,
      status: result.status,
      error: result.error,
      lost: result.wasLost ? 1 : 0,
      nextAt: result.nextAt,
      now,
    },
  );
}

export interface CallbackRow {
  readonly id: bigint;
  readonly subject: string;
  readonly forged: boolean;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly dueAt: Date;
  readonly doneAt: Date | null;
}

export async function listCallbacks(reader: Reader, limit: number): Promise<CallbackRow[]> {
  return query<CallbackRow>(
    reader,
    `select id, subject, forged, attempts, last_status as "lastStatus", last_error as "lastError",
            due_at as "dueAt", done_at as "doneAt"
       from stand_in.bank_callbacks order by id desc limit :limit::int`,
    { limit },
  );
}

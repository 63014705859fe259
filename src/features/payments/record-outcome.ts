/**
 * The one door by which money becomes real: what a gateway says of payments is read, decided and applied.
 *
 * Callbacks, queries and settlement lines all come through here. It takes a list: waiting items are read
 * unlocked, decided in TypeScript, and applied in one guarded statement; an item whose rows changed meanwhile
 * is read and decided again.
 */
import type { CallbackResult } from '../../gateways/gateway-adapter.ts';
import type { IdSource, PaymentId } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import { dayOf, type Clock } from '../../domain/kernel/time.ts';
import type { GatewayOutcome } from '../../domain/payments/gateway-outcome.ts';
import { decideOutcome, type OutcomeDecision } from '../../domain/payments/outcome-decision.ts';
import { createBatcher, type Batcher } from '../../platform/batcher.ts';
import type { Database, HotPool } from '../../platform/database.ts';
import type { AccountBook } from '../ledger/account-store.ts';
import { ensureBusinessDays } from '../ledger/business-day-store.ts';
import { accountsNeeded, emptyPlan, planOutcome, textOf, type OutcomePlan } from './outcome-plan.ts';
import { readPaymentsForOutcome, type PaymentReading } from './outcome-reading-store.ts';
import { applyOutcomes, isClosedOrMissingDay, isReusedGatewayTransaction } from './outcome-store.ts';

/** A verified message as it is kept. */
export interface CallbackRecord {
  readonly id: string;
  readonly digest: string;
  readonly method: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
  readonly receivedAt: Date;
}

export interface OutcomeItem {
  readonly gateway: string;
  /** The merchant account that the message proved to belong to; another account's payment is unknown to it. */
  readonly account: string;
  readonly merchantReference: string;
  readonly outcome: GatewayOutcome;
  /** How we learned of it, for the ledger and the audit: `callback`, `query`, `settlement_line`. */
  readonly source: string;
  readonly callback?: CallbackRecord;
}

export interface OutcomeResult {
  readonly result: CallbackResult;
  readonly decision: OutcomeDecision['kind'] | null;
  readonly paymentId: PaymentId | null;
}

export interface RecordOutcomeDeps {
  readonly db: Database;
  readonly hot: HotPool;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly accounts: AccountBook;
  readonly businessTimeZone: string;
  /** Told of everything recorded, for the figures of operation. */
  readonly onRecorded?: (gateway: string, decision: OutcomeDecision['kind']) => void;
}

export type OutcomeRecorder = Batcher<OutcomeItem, OutcomeResult>;

/** Two lanes gain over one, three gain nothing; a batch longer than this only delays its own answers. */
const LANES = 2;
const MAX_BATCH = 64;
/** About two seconds of work: beyond it a gateway is told to come again rather than left waiting. */
const MAX_WAITING = 4_000;
const MAX_ROUNDS = 6;

export function createOutcomeRecorder(deps: RecordOutcomeDeps): OutcomeRecorder {
  return createBatcher({
    lanes: LANES,
    maxBatch: MAX_BATCH,
    maxWaiting: MAX_WAITING,
    keysOf: ({ gateway, merchantReference }) => [`${gateway}:${merchantReference}`],
    run: (items) => recordOutcomes(deps, items),
    overloaded: () => new Refusal('service.unavailable', {}, { retryAfterSeconds: 5 }),
  });
}

interface Open {
  readonly place: number;
  readonly item: OutcomeItem;
}

/**
 * Records outcomes and says of each what came of it, in the order given.
 *
 * @param items  at most one per merchant reference
 * Faults when a row keeps changing under the decision more often than {@link MAX_ROUNDS} times.
 */
export async function recordOutcomes(
  deps: RecordOutcomeDeps,
  items: readonly OutcomeItem[],
): Promise<OutcomeResult[]> {
  const results: (OutcomeResult | undefined)[] = items.map(() => undefined);
  let open: Open[] = items.map((item, place) => ({ place, item }));
  for (let round = 0; open.length > 0; round += 1) {
    if (round === MAX_ROUNDS) throw new Error('outcomes could not be applied: their rows kept changing');
    open = await recordRound(deps, open, results);
  }
  return results as OutcomeResult[];
}

/** One reading, one apply; returns the items that must be decided again. */
async function recordRound(
  deps: RecordOutcomeDeps,
  open: readonly Open[],
  results: (OutcomeResult | undefined)[],
): Promise<Open[]> {
  const readings = await readPaymentsForOutcome(
    deps.hot,
    open.map(({ item }) => item),
  );
  const plan = emptyPlan();
  const again: Open[] = [];
  const planned: (Open & { decision: OutcomeDecision; reading: PaymentReading })[] = [];
  const ordersInBatch = new Set<string>();

  for (const [index, entry] of open.entries()) {
    const reading = readings[index] ?? null;
    if (reading?.payment.merchantAccount !== entry.item.account) {
      results[entry.place] = { result: 'unknown_payment', decision: null, paymentId: null };
      continue;
    }
    // Two payments of one order in one statement would both rest on the version before: the second waits.
    const orders = [...reading.orders.keys()];
    if (orders.some((order) => ordersInBatch.has(order))) {
      again.push(entry);
      continue;
    }
    for (const order of orders) ordersInBatch.add(order);
    const now = deps.clock.now();
    const decision = decideOutcome(reading.payment, entry.item.outcome, now, deps.businessTimeZone);
    const needed = accountsNeeded(reading, decision);
    planOutcome(plan, reading, decision, {
      item: entry.place,
      now,
      actor: `gateway:${entry.item.gateway}:${entry.item.source}`,
      businessTimeZone: deps.businessTimeZone,
      newId: deps.newId,
      accounts: needed.length === 0 ? [] : await deps.accounts(needed),
    });
    planCallback(plan, entry, reading, decision);
    planned.push({ ...entry, decision, reading });
  }
  if (planned.length === 0) return again;

  const stale = await apply(deps, plan, planned);
  for (const { place, item, decision, reading } of planned) {
    if (stale === 'transaction_reused') {
      results[place] = await keepReusedTransaction(deps, { place, item }, reading);
    } else if (stale.has(place)) {
      again.push({ place, item });
    } else {
      deps.onRecorded?.(item.gateway, decision.kind);
      results[place] = { result: resultOf(decision), decision: decision.kind, paymentId: reading.payment.id };
    }
  }
  return again;
}

/** Places whose guard failed; or word that a lone item's bank transaction already stands for another payment. */
async function apply(
  deps: RecordOutcomeDeps,
  plan: OutcomePlan,
  planned: readonly { readonly item: OutcomeItem; readonly reading: PaymentReading }[],
): Promise<ReadonlySet<number> | 'transaction_reused'> {
  try {
    return await applyOutcomes(deps.hot, plan);
  } catch (error) {
    if (isClosedOrMissingDay(error)) {
      await ensureDaysOf(deps, planned);
      return await applyOutcomes(deps.hot, plan);
    }
    if (planned.length === 1 && isReusedGatewayTransaction(error)) return 'transaction_reused';
    throw error;
  }
}

/** Money of a day that the books have no row for yet: very late money, or a bank's clock ahead of ours. */
async function ensureDaysOf(
  deps: RecordOutcomeDeps,
  planned: readonly { readonly item: OutcomeItem; readonly reading: PaymentReading }[],
): Promise<void> {
  for (const { item, reading } of planned) {
    if (item.outcome.kind !== 'succeeded') continue;
    const day = dayOf(item.outcome.paidAt, deps.businessTimeZone);
    const agencies = [0, ...reading.payment.allocations.map(({ agencyId }) => agencyId)];
    await ensureBusinessDays(deps.db, agencies, day, day);
  }
}

/** One bank transaction under two of our references: nothing is posted, a person looks. */
async function keepReusedTransaction(
  deps: RecordOutcomeDeps,
  entry: Open,
  reading: PaymentReading,
): Promise<OutcomeResult> {
  const plan = emptyPlan();
  planOutcome(
    plan,
    reading,
    { kind: 'conflict', said: 'transaction_reused' },
    {
      item: entry.place,
      now: deps.clock.now(),
      actor: `gateway:${entry.item.gateway}`,
      businessTimeZone: deps.businessTimeZone,
      newId: deps.newId,
      accounts: [],
    },
  );
  planCallback(plan, entry, reading, { kind: 'conflict', said: 'transaction_reused' });
  await applyOutcomes(deps.hot, plan);
  return { result: 'rejected', decision: 'conflict', paymentId: reading.payment.id };
}

function planCallback(
  plan: OutcomePlan,
  entry: Open,
  reading: PaymentReading,
  decision: OutcomeDecision,
): void {
  const { callback, gateway, account } = entry.item;
  if (!callback) return;
  plan.callbacks.push({
    item: entry.place,
    id: callback.id,
    gateway,
    account,
    digest: callback.digest,
    method: callback.method,
    query: callback.query,
    headers: textOf(plan, JSON.stringify(callback.headers)),
    body: textOf(plan, Buffer.from(callback.body).toString('base64')),
    result: resultOf(decision),
    payment_id: reading.payment.id,
    received_at: callback.receivedAt.toISOString(),
  });
}

function resultOf(decision: OutcomeDecision): CallbackResult {
  switch (decision.kind) {
    case 'nothing_new':
      return 'already_recorded';
    case 'mismatch':
      return 'amount_differs';
    case 'money':
    case 'second_charge':
    case 'no_money':
    case 'undecided':
    case 'conflict':
      return 'recorded';
  }
}

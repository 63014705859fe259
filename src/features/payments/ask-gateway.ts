/** Ask gateways about payments that stayed silent: the ladder's job, and the one question a citizen may cause. */
import type { PaymentId } from '../../domain/kernel/ids.ts';
import { addMinutes, addSeconds, type Clock } from '../../domain/kernel/time.ts';
import type { GatewayOutcome } from '../../domain/payments/gateway-outcome.ts';
import { isUndecided } from '../../domain/payments/payment-lifecycle.ts';
import type { Asker } from '../../domain/payments/query-budget.ts';
import { CITIZEN_MAY_ASK_EVERY_SECONDS, dueAt, nextStep } from '../../domain/payments/query-ladder.ts';
import type { GatewayAdapter } from '../../gateways/gateway-adapter.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import { createMeeting, type Meeting } from '../../platform/meeting.ts';
import { inParallel } from '../../platform/in-parallel.ts';
import type { OutcomeRecorder } from './record-outcome.ts';
import type { Gateways, MerchantAccounts } from './start-payment.ts';
import { openOverdueCase } from './case-store.ts';
import { claimWithinBudget } from './query-budget-store.ts';
import {
  claimDueQueries,
  claimQueryNow,
  findPayment,
  gatewaysWithDueQueries,
  scheduleQuery,
  type PaymentRecord,
} from './payment-store.ts';

export interface AskGatewayDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly gateways: Gateways;
  readonly merchantAccounts: MerchantAccounts;
  readonly recorder: OutcomeRecorder;
  readonly gatewayTimeoutMs: number;
  /** Questions to one gateway that may be under way at once, of this process. */
  readonly concurrency: number;
  /** Questions to one gateway in a second, of all processes; a gateway whose profile names a number has that. */
  readonly queriesPerSecond: number;
  readonly onGatewayError: (error: unknown, paymentId: PaymentId) => void;
}

/** A gateway that cannot be asked is believed silent this long after the payment's life has ended. */
export const SILENCE_MEANS_NO_AFTER_MINUTES = 15;

/**
 * The ladder's turn: asks about payments whose question is due, each gateway at its own pace and within its budget.
 *
 * What is over the budget stays due as it is. While one gateway keeps its questions waiting, the others go on.
 *
 * @param limit  questions of a gateway that are taken at once
 * @returns how many were asked
 */
export async function pollPendingPayments(deps: AskGatewayDeps, limit: number): Promise<number> {
  const gateways = await gatewaysWithDueQueries(deps.db, deps.clock.now());
  const lanes = createMeeting(gateways.length);
  const asked = await Promise.allSettled(gateways.map((gateway) => lane(deps, gateway, { limit, lanes })));
  const fault = asked.find((one) => one.status === 'rejected');
  if (fault) throw fault.reason;
  return asked.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0);
}

const NEXT_ROUND_AFTER_MS = 1_000;

/** Rounds of one gateway, until every gateway of this turn has had one. */
async function lane(
  deps: AskGatewayDeps,
  gateway: string,
  { limit, lanes }: { readonly limit: number; readonly lanes: Meeting },
): Promise<number> {
  let asked = 0;
  try {
    for (;;) {
      asked += await askDue(deps, gateway, limit);
      lanes.arrive(gateway);
      if (await lanes.isCompleteWithin(NEXT_ROUND_AFTER_MS)) return asked;
    }
  } finally {
    lanes.arrive(gateway);
  }
}

async function askDue(deps: AskGatewayDeps, gateway: string, limit: number): Promise<number> {
  const now = deps.clock.now();
  const asking = { gateway, perSecond: budgetOf(deps, gateway), asker: 'ladder', now } as const;
  const due = await inTransaction(deps.db, (tx) =>
    claimWithinBudget(tx, asking, (free) =>
      claimDueQueries(tx, { gateway, now, limit: Math.min(free, limit) }),
    ),
  );
  await inParallel(due, deps.concurrency, ({ payment, step }) => askAndSchedule(deps, payment, step));
  return due.length;
}

/** Null where nothing is sent: the gateway has no questions, or is no longer configured. */
function budgetOf({ gateways, queriesPerSecond }: AskGatewayDeps, gateway: string): number | null {
  const adapter = gateways.get(gateway);
  if (!adapter?.queries) return null;
  return adapter.profile.queriesPerSecond ?? queriesPerSecond;
}

/**
 * Asks about one payment because somebody is waiting for the answer; at most every ten seconds a payment, and within
 * the gateway's budget.
 *
 * @returns the payment as it is afterwards, whether it was asked about or not
 */
export async function askNow(
  deps: AskGatewayDeps,
  id: PaymentId,
  asker: Asker = 'person',
): Promise<PaymentRecord | null> {
  const now = deps.clock.now();
  const known = await findPayment(deps.db, id);
  if (!known) return null;
  const { gateway } = known;
  const notSince = addSeconds(now, -CITIZEN_MAY_ASK_EVERY_SECONDS);
  const asking = { gateway, perSecond: budgetOf(deps, gateway), asker, now };
  const [claimed] = await inTransaction(deps.db, (tx) =>
    claimWithinBudget(tx, asking, async () => {
      const question = await claimQueryNow(tx, id, { now, notSince });
      return question ? [question] : [];
    }),
  );
  const payment = await findPayment(deps.db, id);
  if (!claimed || !payment) return payment;
  await askAndSchedule(deps, payment, claimed.step);
  return await findPayment(deps.db, id);
}

async function askAndSchedule(deps: AskGatewayDeps, payment: PaymentRecord, step: number): Promise<void> {
  if (isUndecided(payment.state)) {
    const outcome = await ask(deps, payment);
    if (outcome) await record(deps, payment, outcome);
  }
  const after = await findPayment(deps.db, payment.id);
  if (!after || !isUndecided(after.state)) {
    await scheduleQuery(deps.db, payment.id, null);
    return;
  }
  const since = after.handedOffAt ?? after.startedAt;
  const now = deps.clock.now();
  const next = nextStep(since, now, step + 1);
  const due = dueAt(since, next);
  if (due !== null) {
    await scheduleQuery(deps.db, payment.id, { step: next, dueAt: due });
    return;
  }
  // The ladder is over: the settlement file or two persons must tell.
  await openOverdueCase(deps.db, { caseId: deps.newId(), paymentId: payment.id, openedAt: now });
  await scheduleQuery(deps.db, payment.id, null);
}

async function record(deps: AskGatewayDeps, payment: PaymentRecord, outcome: GatewayOutcome): Promise<void> {
  await deps.recorder.add({
    gateway: payment.gateway,
    account: payment.merchantAccount,
    merchantReference: payment.merchantReference,
    outcome,
    source: 'query',
  });
}

/** What the gateway says; when it says nothing, what silence means: null while the payment may still live. */
async function ask(deps: AskGatewayDeps, payment: PaymentRecord): Promise<GatewayOutcome | null> {
  const adapter = deps.gateways.get(payment.gateway);
  const now = deps.clock.now();
  if (adapter && !adapter.queries) {
    const believedSilent = addMinutes(payment.lifetimeEndsAt, SILENCE_MEANS_NO_AFTER_MINUTES);
    return now > believedSilent ? { kind: 'not_known' } : null;
  }
  try {
    return await queryGateway(deps, adapter, payment);
  } catch (error) {
    deps.onGatewayError(error, payment.id);
    return now > payment.lifetimeEndsAt ? { kind: 'pending', gatewayCode: 'no_answer' } : null;
  }
}

async function queryGateway(
  deps: AskGatewayDeps,
  adapter: GatewayAdapter | null,
  payment: PaymentRecord,
): Promise<GatewayOutcome> {
  const account = await deps.merchantAccounts(payment.gateway, payment.merchantAccount);
  if (!adapter?.queries || !account) throw new Error(`gateway ${payment.gateway} is not configured`);
  return await adapter.queries.queryPayment(
    { account, merchantReference: payment.merchantReference, startedAt: payment.startedAt },
    AbortSignal.timeout(deps.gatewayTimeoutMs),
  );
}

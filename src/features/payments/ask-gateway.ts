/** Ask gateways about payments that stayed silent: the ladder's job, and the one question a citizen may cause. */
import type { PaymentId } from '../../domain/kernel/ids.ts';
import { addMinutes, addSeconds, type Clock } from '../../domain/kernel/time.ts';
import type { GatewayOutcome } from '../../domain/payments/gateway-outcome.ts';
import { isUndecided } from '../../domain/payments/payment-lifecycle.ts';
import { CITIZEN_MAY_ASK_EVERY_SECONDS, dueAt, nextStep } from '../../domain/payments/query-ladder.ts';
import type { GatewayAdapter } from '../../gateways/gateway-adapter.ts';
import type { Database } from '../../platform/database.ts';
import { inParallel } from '../../platform/in-parallel.ts';
import type { OutcomeRecorder } from './record-outcome.ts';
import type { Gateways, MerchantAccounts } from './start-payment.ts';
import { openOverdueCase } from './case-store.ts';
import {
  claimDueQueries,
  claimQueryNow,
  findPayment,
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
  /** Questions to gateways that may be under way at once. */
  readonly concurrency: number;
  readonly onGatewayError: (error: unknown, paymentId: PaymentId) => void;
}

/** A gateway that cannot be asked is believed silent this long after the payment's life has ended. */
const SILENCE_MEANS_NO_AFTER_MINUTES = 15;

/** The ladder's turn: asks about up to `limit` payments whose question is due. @returns how many were asked */
export async function pollPendingPayments(deps: AskGatewayDeps, limit: number): Promise<number> {
  const due = await claimDueQueries(deps.db, deps.clock.now(), limit);
  await inParallel(due, deps.concurrency, ({ payment, step }) => askAndSchedule(deps, payment, step));
  return due.length;
}

/**
 * Asks about one payment because somebody is waiting for the answer; at most every ten seconds a payment.
 *
 * @returns the payment as it is afterwards, whether it was asked about or not
 */
export async function askNow(deps: AskGatewayDeps, id: PaymentId): Promise<PaymentRecord | null> {
  const now = deps.clock.now();
  const claimed = await claimQueryNow(deps.db, id, {
    now,
    notSince: addSeconds(now, -CITIZEN_MAY_ASK_EVERY_SECONDS),
  });
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

/** Keep the raw message, verify it, record what it says, answer in the gateway's words once that is committed. */
import { createHash } from 'node:crypto';
import type { IdSource } from '../../domain/kernel/ids.ts';
import type { Clock } from '../../domain/kernel/time.ts';
import type {
  CallbackItem,
  CallbackResult,
  GatewayAdapter,
  MerchantAccount,
  RawMessage,
  RawReply,
} from '../../gateways/gateway-adapter.ts';
import type { Database } from '../../platform/database.ts';
import type { RateGate } from '../../platform/rate-gate.ts';
import type { CreditRecorder } from '../payments/record-credit.ts';
import type { CallbackRecord, OutcomeRecorder } from '../payments/record-outcome.ts';
import type { Gateways, MerchantAccounts } from '../payments/start-payment.ts';
import { hastenQuery } from '../payments/payment-store.ts';
import { keepCallback } from './callback-store.ts';

export interface ReceiveCallbackDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly gateways: Gateways;
  readonly merchantAccounts: MerchantAccounts;
  readonly recorder: OutcomeRecorder;
  readonly credits: CreditRecorder;
  readonly recordRefund: RefundRecorder;
  /** Of messages that do not verify a sample is kept; the rest is only counted. */
  readonly unverifiedSample: RateGate;
  readonly onResult: (observed: ObservedCallback) => void;
  readonly onFault: (error: unknown) => void;
}

export type RefundRecorder = (told: {
  readonly gateway: string;
  readonly account: string;
  readonly item: Extract<CallbackItem, { kind: 'refund' }>;
}) => Promise<CallbackResult>;

export interface ObservedCallback {
  readonly gateway: string;
  readonly result: CallbackResult | 'ignored';
  /** From the gateway's own payment time to our answer, when it named one. */
  readonly lagSeconds: number | null;
}

export interface IncomingCallback {
  readonly gateway: string;
  readonly account: string;
  readonly message: RawMessage;
}

/** Which headers of a message are worth keeping: those a signature may rest on, never credentials. */
const KEPT_HEADER = /signature|timestamp/;

/** The gateway's answer, or null when there is no such gateway or account. */
export async function receiveCallback(
  deps: ReceiveCallbackDeps,
  incoming: IncomingCallback,
): Promise<RawReply | null> {
  const adapter = deps.gateways.get(incoming.gateway);
  if (!adapter) return null;
  try {
    const account = await deps.merchantAccounts(incoming.gateway, incoming.account);
    if (!account) return null;
    return await receive(deps, adapter, account, incoming);
  } catch (error) {
    // Nothing was acknowledged, so the gateway comes again; what did commit is recognised then.
    deps.onFault(error);
    return adapter.acknowledge('try_again');
  }
}

async function receive(
  deps: ReceiveCallbackDeps,
  adapter: GatewayAdapter,
  account: MerchantAccount,
  { gateway, message }: IncomingCallback,
): Promise<RawReply> {
  const receivedAt = deps.clock.now();
  const reading = adapter.readCallback(message, account, receivedAt);
  const callback = recordOf(deps.newId(), message, receivedAt);
  if (reading.kind === 'rejected') {
    deps.onResult({ gateway, result: 'rejected', lagSeconds: null });
    if (deps.unverifiedSample.pass()) {
      const kept = {
        gateway,
        account: account.code,
        verified: false,
        result: 'rejected',
        reason: reading.why,
      };
      await keepCallback(deps.db, callback, kept);
    }
    return adapter.acknowledge('rejected');
  }
  const results = await Promise.all(
    reading.items.map((item, index) =>
      recordItem(deps, { gateway, account, callback, isFirst: index === 0 }, item),
    ),
  );
  const result = worst(results);
  if (
    !reading.items.some((item, index) => item.kind === 'payment' && index === 0) ||
    result === 'unknown_payment'
  ) {
    const isIgnored = reading.items.every(({ kind }) => kind === 'irrelevant');
    await keepCallback(deps.db, callback, {
      gateway,
      account: account.code,
      verified: true,
      result: isIgnored ? 'ignored' : result,
      reason: null,
    });
  }
  deps.onResult({ gateway, result, lagSeconds: lagOf(reading.items, deps.clock.now()) });
  return adapter.acknowledge(result);
}

async function recordItem(
  deps: ReceiveCallbackDeps,
  from: { gateway: string; account: MerchantAccount; callback: CallbackRecord; isFirst: boolean },
  item: CallbackItem,
): Promise<CallbackResult> {
  switch (item.kind) {
    case 'payment': {
      const { result } = await deps.recorder.add({
        gateway: from.gateway,
        account: from.account.code,
        merchantReference: item.merchantReference,
        outcome: item.outcome,
        source: 'callback',
        ...(from.isFirst ? { callback: from.callback } : {}),
      });
      return result;
    }
    case 'refund':
      return await deps.recordRefund({ gateway: from.gateway, account: from.account.code, item });
    case 'ask':
      return ASKED[
        await hastenQuery(deps.db, {
          gateway: from.gateway,
          account: from.account.code,
          merchantReference: item.merchantReference,
          now: deps.clock.now(),
        })
      ];
    case 'credit':
      return await deps.credits.add({ gateway: from.gateway, account: from.account.code, credit: item });
    case 'irrelevant':
      return 'recorded';
  }
}

const ASKED = { hastened: 'recorded', decided: 'already_recorded', none: 'unknown_payment' } as const;

const FROM_WORST: readonly CallbackResult[] = [
  'try_again',
  'unknown_payment',
  'rejected',
  'amount_differs',
  'recorded',
  'already_recorded',
];

function worst(results: readonly CallbackResult[]): CallbackResult {
  return FROM_WORST.find((result) => results.includes(result)) ?? 'recorded';
}

function recordOf(id: string, message: RawMessage, receivedAt: Date): CallbackRecord {
  const digest = createHash('sha256')
    .update(`${message.method} ${message.query}\n`)
    .update(message.body)
    .digest('hex');
  const headers = Object.fromEntries([...message.headers].filter(([name]) => KEPT_HEADER.test(name)));
  return {
    id,
    digest,
    method: message.method,
    query: message.query,
    headers,
    body: message.body,
    receivedAt,
  };
}

function lagOf(items: readonly CallbackItem[], now: Date): number | null {
  for (const item of items) {
    const paidAt = paidAtOf(item);
    if (paidAt !== null) return Math.max(0, (now.getTime() - paidAt.getTime()) / 1000);
  }
  return null;
}

function paidAtOf(item: CallbackItem): Date | null {
  if (item.kind === 'credit') return item.creditedAt;
  return item.kind === 'payment' && item.outcome.kind === 'succeeded' ? item.outcome.paidAt : null;
}

/** SQL of outcomes: applies a plan in one guarded statement, on the pool of the money path. */
import { compositeArray, textArray, type HotPool, type Statement } from '../../platform/database.ts';
import type { OutcomePlan } from './outcome-plan.ts';

/** The sections that travel as rows: the type in the database and its columns, in the order of the type. */
const SECTIONS = {
  callbacks: [
    'outcome_callback',
    'item id gateway account digest method query headers body result payment_id received_at',
  ],
  orders: [
    'outcome_order',
    'item agency_id id expected_version status amount_paid event_sequence paid_at closed_at',
  ],
  payments: [
    'outcome_payment',
    'item id expected_version state gateway_code gateway_transaction_id amount_received currency_received paid_at settled_at',
  ],
  gateway_transactions: [
    'outcome_transaction',
    'item gateway merchant_account gateway_transaction_id payment_id',
  ],
  allocations: ['outcome_claim', 'item agency_id payment_id order_id claim'],
  queries_ended: ['outcome_end', 'item payment_id'],
  orders_settled: ['outcome_settled', 'item agency_id order_id'],
  postings: [
    'ledger_posting',
    'item agency_id id event_kind event_ref request_hash correlation_id effective_at business_date reverses_id actor',
  ],
  legs: [
    'ledger_leg',
    'item agency_id transaction_id leg currency debit_account_id credit_account_id amount',
  ],
  receipts: [
    'receipt_draft',
    'item agency_id id order_id payment_id form symbol verification_code amount currency content business_date issued_at replaces_id',
  ],
  snapshots: ['event_snapshot', 'item body number_of body_after body_rest'],
  events: [
    'event_draft',
    'item agency_id id order_id sequence type occurred_at before snapshot after shared_sequence shared_from',
  ],
} as const;

type Section = keyof typeof SECTIONS;

const NAMES = Object.keys(SECTIONS) as Section[];
const COLUMNS = Object.fromEntries(
  NAMES.map((name) => [name, SECTIONS[name][1].split(' ')]),
) as unknown as Readonly<Record<Section, readonly string[]>>;

const PARAMETERS = NAMES.map((name, index) => `$${String(index + 2)}::${SECTIONS[name][0]}[]`);

const APPLY: Statement = {
  name: 'apply-outcomes',
  text:
    `select unnest(apply_outcomes($1::boolean, ${PARAMETERS.join(', ')}, ` +
    `$${String(NAMES.length + 2)}::text[], $${String(NAMES.length + 3)}::jsonb)) as item`,
};

/** Applies what can be applied; returns the items whose rows had changed since they were read. */
export async function applyOutcomes(hot: HotPool, plan: OutcomePlan): Promise<ReadonlySet<number>> {
  const isRare = Object.values(plan.rare).some((rows) => rows.length > 0);
  const sorted = { ...plan, orders: plan.orders.toSorted(byKey), payments: plan.payments.toSorted(byKey) };
  const values = [
    ...NAMES.map((name) => compositeArray(COLUMNS[name], sorted[name])),
    textArray(plan.texts),
    isRare ? JSON.stringify(plan.rare) : null,
  ];
  try {
    await hot.run(APPLY, [false, ...values]);
    return new Set();
  } catch (error) {
    if (!isForACarefulLook(error)) throw error;
  }
  // Some row had changed or was there already: now locked, looked at, and left out where it is so.
  const stale = await hot.run<{ item: number }>(APPLY, [true, ...values]);
  return new Set(stale.map(({ item }) => item));
}

const CHANGED = 'P0V01';
const ALREADY_THERE = '23505';
/** What is written in trust that it is not there, until a careful look. */
const WRITTEN_PLAINLY = new Set([
  'gateway_callbacks_pkey',
  'ledger_transactions_agency_id_event_kind_event_ref_key',
]);

function isForACarefulLook(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, constraint } = error as DatabaseError;
  return code === CHANGED || (code === ALREADY_THERE && WRITTEN_PLAINLY.has(constraint ?? ''));
}

/** By agency, then id: the order in which everyone locks. Ids are lower-case hexadecimal and compare like their bytes. */
function byKey(left: Keyed, right: Keyed): number {
  return (left.agency_id ?? 0) - (right.agency_id ?? 0) || (left.id < right.id ? -1 : 1);
}

interface Keyed {
  readonly agency_id?: number;
  readonly id: string;
}

interface DatabaseError extends Error {
  readonly code?: string;
  readonly constraint?: string;
}

/** The posting's business day has no row yet, or is closed. */
export function isClosedOrMissingDay(error: unknown): boolean {
  return error instanceof Error && (error as DatabaseError).code === 'P0D01';
}

/** The gateway's transaction number already stands for another payment. */
export function isReusedGatewayTransaction(error: unknown): boolean {
  const { code, constraint } = error as DatabaseError;
  return code === '23505' && constraint === 'gateway_transactions_pkey';
}

/** SQL of outcomes: applies a plan in one guarded statement, on the pool of the money path. */
import {
  compositeArray,
  ROW_TYPES,
  textArray,
  type HotPool,
  type RowType,
  type Statement,
} from '../../platform/database.ts';
import type { OutcomePlan } from './outcome-plan.ts';

/** The sections that travel as rows, in the order of the parameters, and the type of each in the database. */
const SECTIONS = {
  callbacks: 'outcome_callback',
  orders: 'outcome_order',
  payments: 'outcome_payment',
  gateway_transactions: 'outcome_transaction',
  allocations: 'outcome_claim',
  queries_ended: 'outcome_end',
  orders_settled: 'outcome_settled',
  postings: 'ledger_posting',
  legs: 'ledger_leg',
  receipts: 'receipt_draft',
  snapshots: 'event_snapshot',
  events: 'event_draft',
} as const;

type Section = keyof typeof SECTIONS;

const NAMES = Object.keys(SECTIONS) as Section[];
const PARAMETERS = NAMES.map((name, index) => `$${String(index + 2)}::${SECTIONS[name]}[]`);

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
  const types = await rowTypes(hot);
  const values = [
    ...NAMES.map((name) => compositeArray(types[name], sorted[name])),
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

type SectionTypes = Readonly<Record<Section, RowType>>;

/** Types of rows have a number that differs from database to database and stays while a pool lives. */
const known = new WeakMap<HotPool, Promise<SectionTypes>>();

async function rowTypes(hot: HotPool): Promise<SectionTypes> {
  const asked = known.get(hot) ?? readRowTypes(hot);
  known.set(hot, asked);
  try {
    return await asked;
  } catch (error) {
    known.delete(hot);
    throw error;
  }
}

async function readRowTypes(hot: HotPool): Promise<SectionTypes> {
  const rows = await hot.run<RowType & { readonly name: string }>(ROW_TYPES, [Object.values(SECTIONS)]);
  const types = new Map(rows.map((row) => [row.name, row]));
  return Object.fromEntries(
    NAMES.map((name) => {
      const type = types.get(SECTIONS[name]);
      if (!type) throw new Error(`the database has no type ${SECTIONS[name]}: its schema is not ours`);
      return [name, type];
    }),
  ) as unknown as SectionTypes;
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

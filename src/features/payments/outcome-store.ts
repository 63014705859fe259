/** SQL of outcomes: applies a plan in one guarded statement, on the pool of the money path. */
import type { HotPool } from '../../platform/database.ts';
import type { OutcomePlan } from './outcome-plan.ts';

const APPLY = { name: 'apply-outcomes', text: 'select item, applied from apply_outcomes($1::jsonb)' };

/** Applies what can be applied; returns the items whose rows had changed since they were read. */
export async function applyOutcomes(hot: HotPool, plan: OutcomePlan): Promise<ReadonlySet<number>> {
  const rows = await hot.run<{ item: number; applied: boolean }>(APPLY, [JSON.stringify(plan)]);
  return new Set(rows.filter(({ applied }) => !applied).map(({ item }) => item));
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

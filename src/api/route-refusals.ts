/** Every code a call can be refused with: its own, and those that come with what it takes. */
import type { RefusalCode } from '../domain/kernel/refusals.ts';
import type { ApiRoute } from './route.ts';

const ALWAYS: readonly RefusalCode[] = [
  'request.malformed',
  'access.unauthenticated',
  'access.scope-missing',
  'request.rate-limited',
  'service.unavailable',
];
const OF_BODIES: readonly RefusalCode[] = ['request.too-slow', 'request.too-large', 'request.media-type'];
const OF_KEYS: readonly RefusalCode[] = [
  'idempotency.key-missing',
  'idempotency.key-invalid',
  'idempotency.in-progress',
  'idempotency.mismatch',
];

/** Each code once. */
export function refusalsOf(row: ApiRoute): readonly RefusalCode[] {
  return [
    ...new Set<RefusalCode>([
      ...ALWAYS,
      ...(row.kinds ? (['access.kind-not-allowed'] as const) : []),
      ...(row.missing ? [row.missing] : []),
      ...(row.method === 'get' ? [] : OF_BODIES),
      ...(row.idempotency === 'none' ? [] : OF_KEYS),
      ...(row.refuses ?? []),
    ]),
  ];
}

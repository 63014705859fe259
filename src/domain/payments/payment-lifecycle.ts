/** The states of a payment and the moves between them, as one table. */
import type { Lifecycle } from '../kernel/lifecycle.ts';

export const PAYMENT_STATES = [
  'created',
  'handed_off',
  'unknown',
  'succeeded',
  'failed',
  'lapsed',
  'mismatched',
  'resolved',
  'disputed',
] as const;

export type PaymentState = (typeof PAYMENT_STATES)[number];
export type PaymentMove =
  'hand_off' | 'lose_sight' | 'succeed' | 'fail' | 'lapse' | 'mismatch' | 'resolve' | 'dispute';

export const PAYMENT_LIFECYCLE: Lifecycle<PaymentState, PaymentMove> = {
  created: {
    hand_off: 'handed_off',
    lose_sight: 'unknown',
    succeed: 'succeeded',
    fail: 'failed',
    lapse: 'lapsed',
    mismatch: 'mismatched',
  },
  handed_off: {
    lose_sight: 'unknown',
    succeed: 'succeeded',
    fail: 'failed',
    lapse: 'lapsed',
    mismatch: 'mismatched',
  },
  // Blocks a second attempt until a callback, a query, a settlement line or two persons tell.
  unknown: { succeed: 'succeeded', fail: 'failed', lapse: 'lapsed', mismatch: 'mismatched' },
  succeeded: { dispute: 'disputed' },
  // A bank that corrects itself: a named, audited edge with its own event.
  failed: { succeed: 'succeeded', mismatch: 'mismatched' },
  // Late money.
  lapsed: { succeed: 'succeeded', mismatch: 'mismatched' },
  mismatched: { resolve: 'resolved', succeed: 'succeeded' },
  resolved: {},
  disputed: { succeed: 'succeeded' },
};

/** While a payment is in one of these, we do not know: the ladder asks, and a claim blocks other attempts. */
export const UNDECIDED_STATES: readonly PaymentState[] = ['created', 'handed_off', 'unknown'];

export function isUndecided(state: PaymentState): boolean {
  return UNDECIDED_STATES.includes(state);
}

/** The states of a refund and the moves between them, as one table. The maker is never the checker. */
import type { Lifecycle } from '../kernel/lifecycle.ts';

export const REFUND_STATES = [
  'requested',
  'approved',
  'submitted',
  'succeeded',
  'failed',
  'rejected',
] as const;

export type RefundState = (typeof REFUND_STATES)[number];
export type RefundMove = 'approve' | 'reject' | 'send_back' | 'submit' | 'succeed' | 'fail' | 'reverse';

export const REFUND_LIFECYCLE: Lifecycle<RefundState, RefundMove> = {
  requested: { approve: 'approved', reject: 'rejected', send_back: 'rejected' },
  approved: { submit: 'submitted', succeed: 'succeeded', fail: 'failed' },
  submitted: { succeed: 'succeeded', fail: 'failed' },
  // A gateway that takes back its word after confirming: the books are reversed, with a link.
  succeeded: { reverse: 'failed' },
  failed: {},
  rejected: {},
};

/** Why a gateway definitely took no money, as a person can act on it. Each gateway's table maps its codes to these. */

export const FAILURE_REASONS = [
  'insufficient_funds',
  'over_limit',
  'not_verified',
  'cancelled_at_bank',
  'maintenance',
  /** The gateway's own page ran out unused. */
  'page_expired',
  /** Anything else that is definitive. */
  'declined',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

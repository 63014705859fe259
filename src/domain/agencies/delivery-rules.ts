/** When a webhook counts as delivered, when it is tried again, and when we stop. Knows nothing of HTTP clients or SQL. */

/** How one attempt ended. `fault` is ours (a secret that cannot be opened): never held against the endpoint. */
export type AttemptResult =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterSeconds: number | null }
  | { readonly kind: 'no_answer'; readonly reason: string }
  | { readonly kind: 'fault'; readonly reason: string };

export type Verdict =
  | { readonly kind: 'delivered'; readonly status: number }
  | {
      readonly kind: 'failed';
      readonly status: number | null;
      readonly error: string;
      /** Seconds the receiver asked us to wait, already within limits. */
      readonly askedWaitSeconds: number;
      readonly endpointGone: boolean;
      readonly blamesEndpoint: boolean;
    };

/** Seconds to wait after the first, second, … failed attempt. The attempt after the last wait is the last one. */
export const RETRY_WAITS_SECONDS = [
  5,
  5 * 60,
  30 * 60,
  2 * 3600,
  5 * 3600,
  10 * 3600,
  14 * 3600,
  20 * 3600,
  24 * 3600,
] as const;

export const MAX_ATTEMPTS = RETRY_WAITS_SECONDS.length + 1;

/** A receiver may ask for at most a day of quiet. */
const LONGEST_ASKED_WAIT_SECONDS = 24 * 3600;

const DISABLE_AFTER_MS = 5 * 86_400_000;

/** What one attempt means for the delivery. Only the status line counts: a 2xx with a broken body is a success. */
export function judgeAttempt(result: AttemptResult): Verdict {
  if (result.kind !== 'answered') {
    return failed(null, result.reason, 0, { blamesEndpoint: result.kind === 'no_answer' });
  }
  const { status } = result;
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  const mayAsk = status === 429 || status === 503;
  const asked = mayAsk ? Math.min(result.retryAfterSeconds ?? 0, LONGEST_ASKED_WAIT_SECONDS) : 0;
  const isRedirect = status >= 300 && status < 400;
  const error = isRedirect
    ? `answered ${String(status)}; redirects are not followed`
    : `answered ${String(status)}`;
  return failed(status, error, asked, { endpointGone: status === 410, blamesEndpoint: true });
}

function failed(
  status: number | null,
  error: string,
  askedWaitSeconds: number,
  { endpointGone = false, blamesEndpoint }: { endpointGone?: boolean; blamesEndpoint: boolean },
): Verdict {
  return { kind: 'failed', status, error, askedWaitSeconds, endpointGone, blamesEndpoint };
}

/**
 * Seconds until the next attempt, or null when there is none.
 *
 * A wait is never shorter than the schedule's: a receiver that always answers "Retry-After: 1" would otherwise
 * use up its attempts in a minute. Up to a tenth is added by chance, so that retries of one outage spread.
 *
 * @param attemptsMade      1 or more
 * @param askedWaitSeconds  the receiver's wish within limits, 0 when it has none
 * @param chance            0 up to but not including 1
 */
export function waitAfterFailure(
  attemptsMade: number,
  askedWaitSeconds: number,
  chance: number,
): number | null {
  const scheduled = RETRY_WAITS_SECONDS[attemptsMade - 1];
  if (scheduled === undefined) return null;
  return Math.max(scheduled, askedWaitSeconds) * (1 + chance / 10);
}

/** Whether an endpoint has failed for so long, without one success, that it is disabled. */
export function hasFailedTooLong(failingSince: Date | null, now: Date): boolean {
  return failingSince !== null && now.getTime() - failingSince.getTime() >= DISABLE_AFTER_MS;
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110 §10.2.3), or null when it says neither. */
export function parseRetryAfter(value: string | undefined, now: Date): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now.getTime()) / 1000));
}

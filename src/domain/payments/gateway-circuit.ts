/**
 * When a gateway that fails is no longer offered, and how it comes back by itself.
 *
 * A failure is a call without a usable answer; a decline is an answer. Whatever was started goes on: this decides only
 * whether new payments begin there.
 *
 *   closed     fails too often    open       for a pause: 30 s, doubled each time, ten minutes at most
 *   open       the pause is over  half open  one payer is let through; questions of the ladder go on as always
 *   half open  a call succeeds    closed
 *   half open  a call fails       open       with the pause doubled
 */
import { addSeconds } from '../kernel/time.ts';

/** Refunds do not count: who cannot give back today may well take money, and payers need not be sent away. */
export type WatchedOperation = 'start' | 'query';

/** What one call came to. */
export interface CallResult {
  readonly operation: WatchedOperation;
  readonly succeeded: boolean;
  readonly at: Date;
  /** Our reference of the payment it was about: one odd payment asked about again and again is one failure. */
  readonly subject: string;
}

export interface Circuit {
  readonly state: 'closed' | 'open';
  /** What failed when it opened. Another kind of call that works says nothing about this one. */
  readonly brokenBy: WatchedOperation | null;
  /** Since when payers are sent elsewhere. */
  readonly openedAt: Date | null;
  readonly retryAt: Date | null;
  readonly closedAt: Date | null;
  /** The last pause; remembered for a while after closing, so that a gateway that flaps stays away longer. */
  readonly pauseSeconds: number;
  readonly streams: Readonly<Record<WatchedOperation, Stream>>;
}

export interface Stream {
  readonly failedInRow: number;
  readonly lastFailedSubject: string | null;
  /** Calls of the last two minutes, oldest first. */
  readonly slots: readonly Slot[];
}

export interface Slot {
  readonly fromSeconds: number;
  readonly calls: number;
  readonly failed: number;
}

export type CircuitPosition = 'closed' | 'open' | 'half_open';

export const CIRCUIT_RULE = {
  failuresInRow: 5,
  windowSeconds: 120,
  callsAtLeast: 5,
  failedShare: 0.5,
  firstPauseSeconds: 30,
  longestPauseSeconds: 600,
  /** Reopened within this time after closing, the pause goes on doubling. */
  relapseSeconds: 600,
  /** How long the one payer's call may take before another is let through. */
  probeSeconds: 60,
} as const;

const SLOT_SECONDS = 10;
const QUIET: Stream = { failedInRow: 0, lastFailedSubject: null, slots: [] };

export const CLOSED_CIRCUIT: Circuit = {
  state: 'closed',
  brokenBy: null,
  openedAt: null,
  retryAt: null,
  closedAt: null,
  pauseSeconds: 0,
  streams: { start: QUIET, query: QUIET },
};

export function positionOf({ state, retryAt }: Circuit, now: Date): CircuitPosition {
  if (state === 'closed') return 'closed';
  return retryAt !== null && retryAt <= now ? 'half_open' : 'open';
}

/** The circuit after one more call. Results that come while the pause lasts change nothing. */
export function afterCall(circuit: Circuit, call: CallResult): Circuit {
  switch (positionOf(circuit, call.at)) {
    case 'open':
      return circuit;
    case 'half_open':
      // Many gateways take a payment by a signed address alone: only what had failed can prove itself.
      if (call.operation !== circuit.brokenBy) return circuit;
      return call.succeeded ? closed(circuit, call.at) : opened(circuit, call, circuit.openedAt ?? call.at);
    case 'closed': {
      const stream = counted(circuit.streams[call.operation], call);
      const watched = { ...circuit, streams: { ...circuit.streams, [call.operation]: stream } };
      return !call.succeeded && failsTooOften(stream) ? opened(watched, call, call.at) : watched;
    }
  }
}

function closed(circuit: Circuit, at: Date): Circuit {
  return { ...CLOSED_CIRCUIT, pauseSeconds: circuit.pauseSeconds, closedAt: at };
}

function opened(circuit: Circuit, { operation, at }: CallResult, since: Date): Circuit {
  const pauseSeconds = nextPause(circuit, at);
  return {
    ...CLOSED_CIRCUIT,
    state: 'open',
    brokenBy: circuit.state === 'open' ? circuit.brokenBy : operation,
    openedAt: since,
    retryAt: addSeconds(at, pauseSeconds),
    closedAt: circuit.closedAt,
    pauseSeconds,
  };
}

function nextPause({ state, pauseSeconds, closedAt }: Circuit, at: Date): number {
  const { firstPauseSeconds, longestPauseSeconds, relapseSeconds } = CIRCUIT_RULE;
  const isRelapse = closedAt !== null && addSeconds(closedAt, relapseSeconds) > at;
  if (state === 'closed' && !isRelapse) return firstPauseSeconds;
  return Math.min(Math.max(pauseSeconds, firstPauseSeconds / 2) * 2, longestPauseSeconds);
}

function counted(stream: Stream, call: CallResult): Stream {
  if (call.succeeded) {
    return { failedInRow: 0, lastFailedSubject: null, slots: withCall(stream.slots, call) };
  }
  if (stream.lastFailedSubject === call.subject) return stream;
  return {
    failedInRow: stream.failedInRow + 1,
    lastFailedSubject: call.subject,
    slots: withCall(stream.slots, call),
  };
}

function withCall(slots: readonly Slot[], { at, succeeded }: CallResult): readonly Slot[] {
  const seconds = Math.floor(at.getTime() / 1000);
  const fromSeconds = seconds - (seconds % SLOT_SECONDS);
  const living = slots.filter((slot) => slot.fromSeconds > seconds - CIRCUIT_RULE.windowSeconds);
  const own = living.find((slot) => slot.fromSeconds === fromSeconds) ?? { fromSeconds, calls: 0, failed: 0 };
  const counts = { fromSeconds, calls: own.calls + 1, failed: own.failed + (succeeded ? 0 : 1) };
  return [...living.filter((slot) => slot.fromSeconds !== fromSeconds), counts].sort(
    (a, b) => a.fromSeconds - b.fromSeconds,
  );
}

function failsTooOften({ failedInRow, slots }: Stream): boolean {
  if (failedInRow >= CIRCUIT_RULE.failuresInRow) return true;
  const calls = slots.reduce((all, slot) => all + slot.calls, 0);
  const failed = slots.reduce((all, slot) => all + slot.failed, 0);
  return calls >= CIRCUIT_RULE.callsAtLeast && failed >= calls * CIRCUIT_RULE.failedShare;
}

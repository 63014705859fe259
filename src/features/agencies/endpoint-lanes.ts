/** Which of the claimed deliveries goes out next: fair between endpoints, and few at once to a slow one. */
import type { EndpointId } from '../../domain/kernel/ids.ts';
import type { ClaimedDelivery } from './delivery-store.ts';

export interface LaneLimits {
  /** Attempts under way at once in this process. */
  readonly inFlight: number;
  /** Attempts under way at once to one endpoint that answers fast: no more than the client has connections a host. */
  readonly perEndpoint: number;
}

interface Waiting {
  readonly delivery: ClaimedDelivery;
  readonly claimedAtMs: number;
}

interface Lane {
  readonly waiting: Waiting[];
  inFlight: number;
  /** How long recent attempts took, smoothed; null until the first has ended. */
  typicalMs: number | null;
}

export interface EndpointLanes {
  add(delivery: ClaimedDelivery, claimedAtMs: number): void;
  /** The next delivery to begin, counted as under way from now on; null when none may begin. */
  next(): Waiting | null;
  /** @param tookMs  null when nothing was sent */
  finished(endpointId: EndpointId, tookMs: number | null): void;
  /** How many more may be claimed. */
  free(): number;
  /** How many more each known endpoint may be given. */
  rooms(): Map<EndpointId, number>;
  roomFor(endpointId: EndpointId | null): number;
  /** Whether an endpoint holds as many as it may: more of its deliveries may be due. */
  hasFullLane(): boolean;
  /** Claimed and not yet finished. */
  size(): number;
  /** Removes and returns what is claimed and not begun. */
  takeWaiting(): ClaimedDelivery[];
}

/** From this on an endpoint counts as slow, and gets a small share of the attempts under way. */
const SLOW_MS = 1_000;
const SLOW_SHARE = 4;
/** Until its first answer an endpoint is neither. */
const UNKNOWN_SHARE = 8;
/** A fast endpoint may be given what it can take in about this time, so that claims are few and large. */
const CLAIM_AHEAD_MS = 250;
const CLAIM_AHEAD_MOST = 8;

export function createEndpointLanes(limits: Partial<LaneLimits>): EndpointLanes {
  const inFlightMost = limits.inFlight ?? 128;
  const perEndpoint = limits.perEndpoint ?? 32;
  const lanes = new Map<EndpointId, Lane>();
  let inFlight = 0;
  let waiting = 0;

  function shareOf(lane: Lane | undefined): number {
    if (lane === undefined || lane.typicalMs === null) return Math.min(UNKNOWN_SHARE, perEndpoint);
    return lane.typicalMs >= SLOW_MS ? Math.min(SLOW_SHARE, perEndpoint) : perEndpoint;
  }

  function mostOf(lane: Lane | undefined): number {
    const share = shareOf(lane);
    if (lane === undefined || lane.typicalMs === null || lane.typicalMs >= SLOW_MS) return share;
    const rounds = CLAIM_AHEAD_MS / Math.max(lane.typicalMs, 1);
    return Math.ceil(share * Math.min(CLAIM_AHEAD_MOST, Math.max(1, rounds)));
  }

  const heldBy = (lane: Lane): number => lane.inFlight + lane.waiting.length;

  return {
    add(delivery, claimedAtMs) {
      let lane = lanes.get(delivery.endpointId);
      if (!lane) {
        lane = { waiting: [], inFlight: 0, typicalMs: null };
        lanes.set(delivery.endpointId, lane);
      }
      lane.waiting.push({ delivery, claimedAtMs });
      waiting += 1;
    },
    next() {
      if (inFlight >= inFlightMost || waiting === 0) return null;
      for (const [endpointId, lane] of lanes) {
        if (lane.inFlight >= shareOf(lane)) continue;
        const first = lane.waiting.shift();
        if (!first) continue;
        lane.inFlight += 1;
        inFlight += 1;
        waiting -= 1;
        // To the end of the row: every other endpoint is served before this one comes again.
        lanes.delete(endpointId);
        lanes.set(endpointId, lane);
        return first;
      }
      return null;
    },
    finished(endpointId, tookMs) {
      const lane = lanes.get(endpointId);
      if (!lane) return;
      lane.inFlight -= 1;
      inFlight -= 1;
      if (tookMs === null) return;
      lane.typicalMs = lane.typicalMs === null ? tookMs : lane.typicalMs * 0.8 + tookMs * 0.2;
    },
    free: () => inFlightMost * 4 - inFlight - waiting,
    rooms() {
      const rooms = new Map<EndpointId, number>();
      for (const [endpointId, lane] of lanes) rooms.set(endpointId, Math.max(0, mostOf(lane) - heldBy(lane)));
      return rooms;
    },
    roomFor: (endpointId) => mostOf(endpointId === null ? undefined : lanes.get(endpointId)),
    hasFullLane: () => [...lanes.values()].some((lane) => heldBy(lane) >= mostOf(lane)),
    size: () => inFlight + waiting,
    takeWaiting() {
      waiting = 0;
      return [...lanes.values()].flatMap((lane) => lane.waiting.splice(0).map(({ delivery }) => delivery));
    },
  };
}

/** How each gateway is doing, for those who run the service: state, figures of an hour and a day, last callback. */
import { addMinutes } from '../../domain/kernel/time.ts';
import {
  CLOSED_CIRCUIT,
  positionOf,
  type Circuit,
  type CircuitPosition,
} from '../../domain/payments/gateway-circuit.ts';
import {
  addFigures,
  latencyWithinMs,
  NO_CALLS,
  successPpm,
  type CallFigures,
  type GatewayOperation,
} from '../../domain/payments/gateway-figures.ts';
import { currentMaintenance } from '../../domain/payments/gateway-offer.ts';
import type { Reader } from '../../platform/database.ts';
import { readCircuits, readFiguresSince, type SpanFigures } from './gateway-health-store.ts';
import { readMaintenance, type KeptWindow } from './gateway-settings-store.ts';

export interface GatewayReport {
  readonly gateway: string;
  readonly position: CircuitPosition;
  readonly circuit: Circuit;
  readonly maintenanceUntil: Date | null;
  /** Current and planned. */
  readonly windows: readonly KeptWindow[];
  readonly lastCallbackAt: Date | null;
  readonly hour: SpanReport;
  readonly day: SpanReport;
}

export interface SpanReport {
  readonly calls: number;
  /** Share of calls with a usable answer, in parts per million; null without calls. */
  readonly successPpm: number | null;
  /** How long 19 of 20 calls stayed below. */
  readonly p95Ms: Readonly<Record<GatewayOperation, number | null>>;
}

export async function readGatewayReports(
  reader: Reader,
  gateways: readonly string[],
  now: Date,
): Promise<GatewayReport[]> {
  const [circuits, windows, hour, day] = await Promise.all([
    readCircuits(reader),
    readMaintenance(reader, now),
    readFiguresSince(reader, addMinutes(now, -60)),
    readFiguresSince(reader, addMinutes(now, -24 * 60)),
  ]);
  return gateways.map((gateway) => {
    const kept = circuits.get(gateway);
    const circuit = kept?.circuit ?? CLOSED_CIRCUIT;
    const own = windows.filter((window) => window.gateway === gateway);
    return {
      gateway,
      position: positionOf(circuit, now),
      circuit,
      maintenanceUntil: currentMaintenance(own, now)?.until ?? null,
      windows: own,
      lastCallbackAt: kept?.lastCallbackAt ?? null,
      hour: spanOf(hour, gateway),
      day: spanOf(day, gateway),
    };
  });
}

function spanOf(figures: readonly SpanFigures[], gateway: string): SpanReport {
  const own = figures.filter((one) => one.gateway === gateway);
  const all = own.reduce<CallFigures>(addFigures, NO_CALLS);
  const p95Of = (operation: GatewayOperation): number | null =>
    latencyWithinMs(own.find((one) => one.operation === operation) ?? NO_CALLS, 0.95);
  return {
    calls: all.answered + all.failed,
    successPpm: successPpm(all),
    p95Ms: { start: p95Of('start'), query: p95Of('query'), refund: p95Of('refund') },
  };
}

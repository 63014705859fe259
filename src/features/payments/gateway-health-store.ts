/** SQL of how gateways are doing: figures by the minute, circuits, last callbacks. */
import type { Circuit, Stream } from '../../domain/payments/gateway-circuit.ts';
import { CLOSED_CIRCUIT } from '../../domain/payments/gateway-circuit.ts';
import {
  NO_LATENCIES,
  type CallFigures,
  type GatewayOperation,
} from '../../domain/payments/gateway-figures.ts';
import { query, type Reader, type Tx } from '../../platform/database.ts';

export interface MinuteFigures extends CallFigures {
  readonly gateway: string;
  readonly operation: GatewayOperation;
  readonly minute: Date;
}

/** Adds what a process counted; many processes add to one row, each every few seconds. */
export async function addMinuteFigures(writer: Reader, figures: readonly MinuteFigures[]): Promise<void> {
  if (figures.length === 0) return;
  await query(
    writer,
    `insert into gateway_minutes as known (gateway, operation, minute, answered, failed, latencies)
     select gateway, operation, minute, answered, failed, latencies
     from jsonb_to_recordset(:rows::jsonb) as r(gateway text, operation text, minute timestamptz, answered integer,
       failed integer, latencies integer[])
     order by gateway, operation, minute
     on conflict (gateway, operation, minute) do update set
       answered = known.answered + excluded.answered, failed = known.failed + excluded.failed,
       latencies = array(select coalesce(u.a, 0) + coalesce(u.b, 0)
         from unnest(known.latencies, excluded.latencies) with ordinality as u(a, b, at) order by u.at)`,
    { rows: JSON.stringify(figures) },
  );
}

export interface SpanFigures extends CallFigures {
  readonly gateway: string;
  readonly operation: GatewayOperation;
}

const SUMMED_LATENCIES = NO_LATENCIES.map(
  (_zero, at) => `coalesce(sum(latencies[${String(at + 1)}]), 0)::integer`,
).join(', ');

/** What the calls since an instant came to, by gateway and operation. */
export async function readFiguresSince(reader: Reader, since: Date): Promise<SpanFigures[]> {
  return await query<SpanFigures>(
    reader,
    `select gateway, operation, sum(answered)::integer as answered, sum(failed)::integer as failed,
       array[${SUMMED_LATENCIES}] as latencies
     from gateway_minutes where minute >= :since group by gateway, operation order by gateway, operation`,
    { since },
  );
}

/** Job: forgets up to `limit` rows of figures from before an instant. @returns how many */
export async function deleteFiguresBefore(writer: Reader, before: Date, limit: number): Promise<number> {
  const rows = await query(
    writer,
    `delete from gateway_minutes where ctid in
       (select ctid from gateway_minutes where minute < :before limit :limit) returning 1 as gone`,
    { before, limit },
  );
  return rows.length;
}

export interface KeptCircuit {
  readonly circuit: Circuit;
  readonly probeUntil: Date | null;
  readonly lastCallbackAt: Date | null;
}

interface CircuitRow {
  gateway: string;
  state: Circuit['state'];
  broken_by: Circuit['brokenBy'];
  opened_at: Date | null;
  retry_at: Date | null;
  closed_at: Date | null;
  pause_seconds: number;
  streams: Partial<Record<'start' | 'query', Stream>>;
  probe_until: Date | null;
  last_callback_at: Date | null;
}

const CIRCUIT = `gateway, state, broken_by, opened_at, retry_at, closed_at, pause_seconds, streams, probe_until,
  last_callback_at`;

export async function readCircuits(reader: Reader): Promise<ReadonlyMap<string, KeptCircuit>> {
  const rows = await query<CircuitRow>(reader, `select ${CIRCUIT} from gateway_circuits`);
  return new Map(rows.map((row) => [row.gateway, circuitOf(row)]));
}

/** Lets `change` decide the circuit anew while no other process does. */
export async function changeCircuit(
  tx: Tx,
  gateway: string,
  change: (circuit: Circuit) => Circuit,
): Promise<{ readonly before: Circuit; readonly after: Circuit }> {
  await query(tx, 'insert into gateway_circuits (gateway) values (:gateway) on conflict do nothing', {
    gateway,
  });
  const [row] = await query<CircuitRow>(
    tx,
    `select ${CIRCUIT} from gateway_circuits where gateway = :gateway for update`,
    { gateway },
  );
  const before = row ? circuitOf(row).circuit : CLOSED_CIRCUIT;
  const after = change(before);
  if (after !== before) await saveCircuit(tx, gateway, after, after.retryAt !== before.retryAt);
  return { before, after };
}

async function saveCircuit(tx: Tx, gateway: string, circuit: Circuit, trialIsOver: boolean): Promise<void> {
  await query(
    tx,
    `update gateway_circuits set state = :state, broken_by = :brokenBy, opened_at = :openedAt, retry_at = :retryAt,
       closed_at = :closedAt, pause_seconds = :pauseSeconds, streams = :streams::jsonb,
       probe_until = case when :trialIsOver then null else probe_until end
     where gateway = :gateway`,
    { ...circuit, gateway, streams: JSON.stringify(circuit.streams), trialIsOver },
  );
}

/** Takes the place of the one payer who is let through while a gateway is tried. @returns whether it was free */
export async function claimTrial(
  tx: Tx,
  gateway: string,
  moment: { readonly now: Date; readonly until: Date },
): Promise<boolean> {
  const rows = await query(
    tx,
    `update gateway_circuits set probe_until = :until
     where gateway = :gateway and state = 'open' and retry_at <= :now and (probe_until is null or probe_until <= :now)
     returning gateway`,
    { gateway, ...moment },
  );
  return rows.length > 0;
}

export async function noteCallback(writer: Reader, gateway: string, at: Date): Promise<void> {
  await query(
    writer,
    `insert into gateway_circuits as known (gateway, last_callback_at) values (:gateway, :at)
     on conflict (gateway) do update set last_callback_at = greatest(known.last_callback_at, excluded.last_callback_at)`,
    { gateway, at },
  );
}

function circuitOf(row: CircuitRow): KeptCircuit {
  return {
    circuit: {
      state: row.state,
      brokenBy: row.broken_by,
      openedAt: row.opened_at,
      retryAt: row.retry_at,
      closedAt: row.closed_at,
      pauseSeconds: row.pause_seconds,
      streams: { ...CLOSED_CIRCUIT.streams, ...row.streams },
    },
    probeUntil: row.probe_until,
    lastCallbackAt: row.last_callback_at,
  };
}

/** Measures deliveries: how many a second to a local receiver, and how soon after its commit an event is first tried. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createSecretBox } from '../src/platform/secret-box.ts';
import { Secret } from '../src/platform/secret.ts';
import { openDatabase, query, type Database } from '../src/platform/database.ts';
import { createGuardedClient } from '../src/platform/http-client.ts';
import { createWebhookPost } from '../src/platform/webhook-http.ts';
import { sealSecrets } from '../src/features/agencies/sign-webhook.ts';
import type { DeliveryDeps } from '../src/features/agencies/deliver-webhooks.ts';
import { createDispatcher } from '../src/features/agencies/webhook-dispatcher.ts';

export interface WebhookBenchOptions {
  /** A migrated database that nothing else uses; rows of agencies from 900,000 on are left in it. */
  readonly url: string;
  readonly newId: () => string;
  readonly now: () => Date;
  /** Due deliveries to clear; 20,000 unless told. */
  readonly backlog?: number;
  /** Agencies with one endpoint each; 50 unless told. */
  readonly agencies?: number;
  /** Events a second while latency is measured; 300 unless told. */
  readonly eventsPerSecond?: number;
  /** Seconds of that; 10 unless told. */
  readonly seconds?: number;
  /** The body's length; 1,800 unless told, about that of a paid order with a receipt. */
  readonly bodyBytes?: number;
}

export interface WebhookFigures {
  readonly deliveriesPerSecond: number;
  readonly commitToFirstAttemptMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly delivered: number;
  readonly receivedElsewhere: number;
}

const FIRST_AGENCY = 900_000;

export async function benchWebhooks(options: WebhookBenchOptions): Promise<WebhookFigures> {
  const { backlog = 20_000, agencies = 50, eventsPerSecond = 300, seconds = 10 } = options;
  const receiver = await startReceiverProcess();
  const db = openDatabase({ url: options.url, poolMax: 6, applicationName: 'bench-webhooks' });
  const client = createGuardedClient({ allowHosts: [receiver.host], connectionsPerHost: 64 });
  const delays: number[] = [];
  const box = createSecretBox({
    current: { id: 'bench', key: new Secret(Buffer.alloc(32, 7).toString('base64')) },
    previous: null,
  });
  const log = {
    info: () => undefined,
    warn: (fields: object, event: string) => console.warn(event, fields),
    error: (fields: object, event: string) => console.error(event, fields),
  };
  const deps: DeliveryDeps = {
    db,
    clock: { now: options.now },
    newId: options.newId,
    post: createWebhookPost(client.send),
    openBox: (sealed, rowId) => box.open(sealed, rowId),
    log,
    hooks: {
      attempted: (_outcome, sinceEnqueuedSeconds) => {
        if (sinceEnqueuedSeconds !== null) delays.push(sinceEnqueuedSeconds * 1000);
      },
    },
  };
  try {
    await addEndpoints(db, options, {
      agencies,
      url: `http://${receiver.host}/hook`,
      seal: (text, rowId) => box.seal(text, rowId),
    });
    const dispatcher = createDispatcher(deps);
    // Warm up the code, the connections and what is known of each endpoint.
    await addEvents(db, options, { count: 2_000, agencies, isDue: true });
    await dispatcher.deliverDue();

    await addEvents(db, options, { count: backlog, agencies, isDue: false });
    await query(db, 'update webhook_queue set next_attempt_at = now()');
    await asOwner(db);
    const startedMs = performance.now();
    dispatcher.start();
    while ((await waiting(db)) > 0) await delay(20);
    const deliveriesPerSecond = backlog / ((performance.now() - startedMs) / 1000);

    delays.length = 0;
    const chunksPerSecond = 50;
    for (let chunk = 0; chunk < seconds * chunksPerSecond; chunk += 1) {
      const nextMs = performance.now() + 1000 / chunksPerSecond;
      await addEvents(db, options, { count: eventsPerSecond / chunksPerSecond, agencies, isDue: true });
      await delay(Math.max(0, nextMs - performance.now()));
    }
    while ((await waiting(db)) > 0) await delay(20);
    await dispatcher.stop();
    delays.sort((a, b) => a - b);
    const at = (share: number): number =>
      Math.round(delays[Math.floor((delays.length - 1) * share)] ?? Number.NaN);
    return {
      deliveriesPerSecond: Math.round(deliveriesPerSecond),
      commitToFirstAttemptMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
      delivered: 2_000 + backlog + delays.length,
      receivedElsewhere: await receiver.count(),
    };
  } finally {
    await client.close();
    await db.destroy();
    receiver.stop();
  }
}

async function waiting(db: Database): Promise<number> {
  const rows = await query(db, 'select 1 from webhook_queue limit 1');
  return rows.length;
}

/** The planner should know the tables as it does in a service that has run for a while. */
async function asOwner(db: Database): Promise<void> {
  await query(db, 'analyze webhook_queue').catch(() => undefined);
}

async function addEndpoints(
  db: Database,
  options: WebhookBenchOptions,
  to: { agencies: number; url: string; seal: (text: string, rowId: string) => string },
): Promise<void> {
  await query(db, 'update webhook_endpoints set enabled = false where agency_id >= :first', {
    first: FIRST_AGENCY,
  });
  for (let index = 0; index < to.agencies; index += 1) {
    const agencyId = FIRST_AGENCY + index;
    const id = options.newId();
    const secret = `whsec_${Buffer.alloc(32, index).toString('base64')}`;
    await query(
      db,
      `with a as (
         insert into agencies (id, public_id, code, name_vi, name_en)
         values (:agencyId, :id, :code, 'Đo', 'Bench') on conflict do nothing
       )
       select 1`,
      { agencyId, id, code: `BENCH${String(index)}` },
    );
    await query(
      db,
      `insert into webhook_endpoints (agency_id, id, url, secrets_box, created_at)
       values (:agencyId, :id, :url, :box, now())`,
      { agencyId, id, url: to.url, box: sealSecrets([secret], id, to.seal) },
    );
  }
}

/** Two events an order, as a settled payment has. */
async function addEvents(
  db: Database,
  { newId, bodyBytes = 1_800 }: WebhookBenchOptions,
  { count, agencies, isDue }: { count: number; agencies: number; isDue: boolean },
): Promise<void> {
  const batch = 2_000;
  for (let done = 0; done < count; done += batch) {
    const orders = Array.from({ length: Math.ceil(Math.min(batch, count - done) / 2) }, (_, index) => ({
      agency_id: FIRST_AGENCY + ((done / 2 + index + Math.floor(Math.random() * agencies)) % agencies),
      id: newId(),
      first: newId(),
      second: newId(),
    }));
    await query(
      db,
      `with o as materialized (
         select * from jsonb_to_recordset(:orders::jsonb) as o(agency_id integer, id uuid, first uuid, second uuid)
       ), opened as (
         insert into payment_orders (agency_id, id, lookup_code, status, currency, principal_amount, created_by, created_at, expires_at)
         select agency_id, id, id::text, 'open', 'VND', 1000, 'bench', now(), now() + interval '1 day' from o
       ), told as (
         insert into events (agency_id, id, order_id, sequence, type, occurred_at, body)
         select agency_id, first, id, 1, 'payment_order.paid', now(), '{"filler":"' || repeat('x', :bytes::integer) || '"}' from o
         union all
         select agency_id, second, id, 2, 'receipt.issued', now(), '{"filler":"' || repeat('x', :bytes::integer) || '"}' from o
         returning agency_id, id, order_id, sequence
       )
       insert into webhook_queue (agency_id, endpoint_id, order_id, sequence, event_id, enqueued_at, next_attempt_at)
       select t.agency_id, e.id, t.order_id, t.sequence, t.id, clock_timestamp(),
              case when :isDue then clock_timestamp() else 'infinity' end
         from told t join webhook_endpoints e on e.agency_id = t.agency_id and e.enabled`,
      { orders: JSON.stringify(orders), bytes: bodyBytes, isDue },
    );
  }
}

/** A receiver of webhooks in a process of its own. */
export async function startReceiverProcess(): Promise<{
  readonly host: string;
  count(): Promise<number>;
  stop(): void;
}> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'webhook-receiver.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<number> => Number((await lines.next()).value);
  const port = await next();
  return {
    host: `127.0.0.1:${String(port)}`,
    count() {
      child.stdin.write('count\n');
      return next();
    },
    stop: () => child.stdin.end(),
  };
}

/** What webhook tests are made of: agencies with orders and endpoints, events in the queue, a receiver over HTTP. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import {
  publicId,
  type AgencyId,
  type DeliveryId,
  type EndpointId,
  type EventId,
  type OrderId,
} from '../../../src/domain/kernel/ids.ts';
import type { Clock } from '../../../src/domain/kernel/time.ts';
import type { DeliveryDeps } from '../../../src/features/agencies/deliver-webhooks.ts';
import { sealSecrets, type OpenBox, type SealBox } from '../../../src/features/agencies/sign-webhook.ts';
import { query, type Database } from '../../../src/platform/database.ts';
import { createGatewayClient, type HttpClient } from '../../../src/platform/http-client.ts';
import { createWebhookPost } from '../../../src/platform/webhook-http.ts';
import { newTestId } from '../../support/ids.ts';

const KEY = createHash('sha256').update('a key for tests').digest();

/** A box like the real one: encrypted, and bound to its row. */
export const sealBox: SealBox = (text, rowId) => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', KEY, nonce).setAAD(Buffer.from(rowId));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64',
  );
};

export const openBox: OpenBox = (sealed, rowId) => {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', KEY, bytes.subarray(0, 12)).setAAD(Buffer.from(rowId));
  decipher.setAuthTag(bytes.subarray(-16));
  return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8');
};

export function aSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

let agencies = 0;

export async function addAgency(db: Database): Promise<AgencyId> {
  agencies += 1;
  const id = agencies as AgencyId;
  await query(
    db,
    `insert into agencies (id, public_id, code, name_vi, name_en)
     values (:id, :publicId, :code, 'Cơ quan', 'Agency')`,
    { id, publicId: newTestId(), code: `W${String(agencies)}` },
  );
  return id;
}

export async function addOrder(db: Database, agencyId: AgencyId): Promise<OrderId> {
  const id = newTestId() as OrderId;
  await query(
    db,
    `insert into payment_orders (agency_id, id, lookup_code, status, currency, principal_amount, created_by, created_at, expires_at)
     values (:agencyId, :id, :id, 'open', 'VND', 1000, 'test', now(), now() + interval '1 day')`,
    { agencyId, id },
  );
  return id;
}

export interface Endpoint {
  readonly agencyId: AgencyId;
  readonly id: EndpointId;
  readonly secret: string;
}

export async function addEndpoint(
  db: Database,
  agencyId: AgencyId,
  url: string,
  secret: string = aSecret(),
): Promise<Endpoint> {
  const id = newTestId() as EndpointId;
  await query(
    db,
    `insert into webhook_endpoints (agency_id, id, url, secrets_box, created_at)
     values (:agencyId, :id, :url, :box, now())`,
    { agencyId, id, url, box: sealSecrets([secret], id, sealBox) },
  );
  return { agencyId, id, secret };
}

export interface QueuedEvent {
  readonly id: EventId;
  readonly publicId: string;
  readonly deliveryId: DeliveryId;
  readonly orderId: OrderId;
  readonly sequence: number;
}

/** Writes an event, and its row in the queue of each endpoint, the way the money path does. */
export async function addEvent(
  db: Database,
  event: {
    readonly agencyId: AgencyId;
    readonly orderId: OrderId;
    readonly sequence: number;
    readonly endpoints: readonly Endpoint[];
    readonly at: Date;
    readonly data?: Readonly<Record<string, unknown>>;
  },
): Promise<QueuedEvent> {
  const id = newTestId() as EventId;
  const deliveryId = newTestId() as DeliveryId;
  const body = JSON.stringify({
    id: publicId('ev', id),
    type: 'payment_order.paid',
    occurred_at: event.at.toISOString(),
    sequence: event.sequence,
    data: event.data ?? { order: publicId('po', event.orderId) },
  });
  await query(
    db,
    `with e as (
       insert into events (agency_id, id, order_id, sequence, type, occurred_at, body)
       values (:agencyId, :id, :orderId, :sequence, 'payment_order.paid', :at, :body)
     )
     insert into webhook_queue (agency_id, endpoint_id, order_id, sequence, event_id, delivery_id, enqueued_at, next_attempt_at)
     select :agencyId::integer, endpoint_id, :orderId::uuid, :sequence::integer, :id::uuid,
            case when place = 1 then :deliveryId::uuid else gen_random_uuid() end, :at::timestamptz, :at::timestamptz
       from unnest(:endpoints::uuid[]) with ordinality as w(endpoint_id, place)`,
    {
      agencyId: event.agencyId,
      id,
      orderId: event.orderId,
      sequence: event.sequence,
      at: event.at,
      body,
      deliveryId,
      endpoints: event.endpoints.map((endpoint) => endpoint.id),
    },
  );
  return { id, publicId: publicId('ev', id), deliveryId, orderId: event.orderId, sequence: event.sequence };
}

export interface Received {
  readonly id: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sequence: number;
  readonly order: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** How it answers from now on; 204 until told. */
  answerWith(answer: (request: IncomingMessage, response: ServerResponse, got: Received) => void): void;
  close(): Promise<void>;
}

/** An agency's program that listens for webhooks on this machine. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse, got: Received) => void = accept;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const parsed = JSON.parse(body) as { id: string; sequence: number; data: { order: string } };
      const got: Received = {
        id: String(request.headers['webhook-id']),
        body,
        headers: request.headers as Record<string, string>,
        sequence: parsed.sequence,
        order: parsed.data.order,
      };
      received.push(got);
      answer(request, response, got);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
    received,
    answerWith(next) {
      answer = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function accept(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204).end();
}

export function refuse(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(500).end('no');
}

/** Whether a receiver that holds the secret believes the message: checked as a real receiver would. */
export function isSignedWith(secret: string, message: Pick<Received, 'body' | 'headers'>): boolean {
  try {
    new Webhook(secret).verify(message.body, message.headers);
    return true;
  } catch {
    return false;
  }
}

export interface LogLine {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Everything the delivery of webhooks needs, sending for real, unguarded unless told; log lines are kept. */
export function deliveryDeps(
  db: Database,
  clock: Clock,
  client: HttpClient = createGatewayClient({ timeoutMs: 2_000 }),
): DeliveryDeps & { readonly lines: LogLine[]; close(): Promise<void> } {
  const lines: LogLine[] = [];
  const write = (fields: object, event: string): void => {
    lines.push({ event, fields: fields as Record<string, unknown> });
  };
  return {
    db,
    clock,
    newId: newTestId,
    post: createWebhookPost(client.send),
    openBox,
    log: { info: write, warn: write, error: write },
    random: () => 0,
    lines,
    close: () => client.close(),
  };
}

/** Waits until a condition holds, looking often; fails after ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function countOf(db: Database, table: 'webhook_queue' | 'webhook_deliveries'): Promise<number> {
  const [row] = await query<{ count: number }>(db, `select count(*)::integer as count from ${table}`);
  return row?.count ?? -1;
}

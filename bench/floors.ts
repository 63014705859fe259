/** What the service is compared with: a signature check and one durable one-row insert, by Express and by plain http. */
import { createHmac, timingSafeEqual, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import express from 'express';
import type { HotPool } from '../src/platform/database.ts';

export const FLOOR_TABLE = `create table if not exists bench_inserts
  (id uuid primary key, received_at timestamptz not null, body text not null)`;

const INSERT = {
  name: 'bench-insert',
  text: 'insert into bench_inserts (id, received_at, body) values ($1, $2, $3)',
};

/** The bare Express route, written the way its documentation does. */
export function expressFloor(hot: HotPool, secret: string): Server {
  const app = express();
  app.post('/insert', express.raw({ type: '*/*' }), async (request, response) => {
    const body = request.body as Buffer;
    if (!isGenuine(body, request.headers, secret)) {
      response.status(401).json({ result: 'rejected' });
      return;
    }
    await hot.run(INSERT, [randomUUID(), new Date(), body.toString()]);
    response.json({ result: 'recorded' });
  });
  return createServer(app);
}

/** The same without Express: how fast Node and PostgreSQL can be. */
export function plainFloor(hot: HotPool, secret: string): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      response.setHeader('Content-Type', 'application/json');
      if (!isGenuine(body, request.headers, secret)) {
        response.statusCode = 401;
        response.end('{"result":"rejected"}');
        return;
      }
      hot.run(INSERT, [randomUUID(), new Date(), body.toString()]).then(
        () => response.end('{"result":"recorded"}'),
        () => {
          response.statusCode = 500;
          response.end('{"result":"failed"}');
        },
      );
    });
  });
}

function isGenuine(
  body: Buffer,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  secret: string,
): boolean {
  const timestamp = String(headers['sandbox-timestamp'] ?? '');
  const claimed = Buffer.from(String(headers['sandbox-signature'] ?? '').slice(3), 'hex');
  const signature = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
  return claimed.length === signature.length && timingSafeEqual(claimed, signature);
}

/** The process under measure: the service, composed as it runs, and beside it on the same pool the floors. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compose, type Service } from '../src/app/compose.ts';
import { createAccountBook } from '../src/features/ledger/account-store.ts';
import {
  createOutcomeRecorder,
  recordOutcomes,
  type OutcomeItem,
  type RecordOutcomeDeps,
} from '../src/features/payments/record-outcome.ts';
import { vnd } from '../src/domain/kernel/money.ts';
import { readConfig, type Config } from '../src/platform/config.ts';
import {
  openDatabase,
  openHotPool,
  type Database,
  type HotPool,
  type Statement,
} from '../src/platform/database.ts';
import { createLogger } from '../src/platform/logger.ts';
import { expressFloor, plainFloor } from './floors.ts';
import { PAYMENT_AMOUNT } from './stock.ts';

export interface TargetPorts {
  readonly service: number;
  readonly express: number;
  readonly plain: number;
}

interface Stretch {
  readonly numbers: readonly number[];
}

/** What the parent may ask for, by name. */
interface Commands {
  ports(): Promise<TargetPorts>;
  startWork(): Promise<null>;
  stopWork(): Promise<null>;
  /** Reads and decides these payments ahead, then times their writing alone: the ceiling, in payments a second. */
  ceiling(stretch: Stretch & { readonly batch: number; readonly lanes: number }): Promise<number>;
  /** The whole way but HTTP, with so many in flight, in payments a second. */
  withoutHttp(stretch: Stretch & { readonly inFlight: number }): Promise<number>;
  /** CPU time of this process so far, in milliseconds. */
  cpu(): Promise<number>;
  stop(): Promise<null>;
}

export type TargetCommand = {
  [Name in keyof Commands]: { readonly name: Name; readonly argument: Parameters<Commands[Name]>[0] };
}[keyof Commands];
export type TargetAnswer<Name extends keyof Commands> = Awaited<ReturnType<Commands[Name]>>;

const config = readConfig(process.env, { dataDir: process.env['DATA_DIR'] ?? '' });
const url = config.database.urls?.app.reveal() ?? '';
const db = openDatabase({ url, poolMax: config.database.poolMax, applicationName: 'bench' });
const hotPool = openHotPool({ url, max: config.database.hotPoolMax });
const service = await compose({ config, logger: createLogger(config.log), db, hotPool });
const outcomes: RecordOutcomeDeps = {
  db,
  hot: hotPool,
  clock: service.clock,
  newId: service.newId,
  accounts: createAccountBook({ db, newId: service.newId }),
  businessTimeZone: config.businessTimeZone,
};
const commands = commandsOf({ config, db, hotPool, service });
process.on('message', (command: TargetCommand) => {
  const named = commands as unknown as Record<string, (argument: unknown) => Promise<unknown>>;
  const run = named[command.name];
  if (!run) throw new Error(`no command ${command.name}`);
  run(command.argument).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ answer: 'ready' });

function commandsOf(parts: {
  readonly config: Config;
  readonly db: Database;
  readonly hotPool: HotPool;
  readonly service: Service;
}): Commands {
  const secret = parts.config.sandbox?.secret.reveal() ?? '';
  return {
    async ports() {
      return {
        service: await listen(parts.service.server),
        express: await listen(expressFloor(hotPool, secret)),
        plain: await listen(plainFloor(hotPool, secret)),
      };
    },
    startWork() {
      parts.service.startWork();
      return Promise.resolve(null);
    },
    async stopWork() {
      await parts.service.stopWork();
      return null;
    },
    async ceiling({ numbers, batch, lanes }) {
      const prepared: { statement: Statement; values: readonly unknown[] }[] = [];
      const hot = withholding(hotPool, prepared);
      for (let at = 0; at < numbers.length; at += batch) {
        await recordOutcomes({ ...outcomes, hot }, itemsOf(numbers.slice(at, at + batch)));
      }
      const startedMs = performance.now();
      const lane = async (): Promise<void> => {
        for (let next = prepared.shift(); next; next = prepared.shift())
          await hotPool.run(next.statement, next.values);
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      return numbers.length / ((performance.now() - startedMs) / 1000);
    },
    async withoutHttp({ numbers, inFlight }) {
      const recorder = createOutcomeRecorder(outcomes);
      const items = itemsOf(numbers);
      const startedMs = performance.now();
      const loop = async (): Promise<void> => {
        for (let item = items.pop(); item; item = items.pop()) await recorder.add(item);
      };
      await Promise.all(Array.from({ length: inFlight }, loop));
      return numbers.length / ((performance.now() - startedMs) / 1000);
    },
    cpu() {
      const { user, system } = process.cpuUsage();
      return Promise.resolve((user + system) / 1000);
    },
    async stop() {
      await Promise.all([db.destroy(), hotPool.end()]);
      return null;
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.keepAliveTimeout = 65_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A pool that reads as ever, but keeps what would be applied and says that it was. */
function withholding(
  hot: HotPool,
  prepared: { statement: Statement; values: readonly unknown[] }[],
): HotPool {
  return {
    end: () => hot.end(),
    async run<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
      if (statement.name !== 'apply-outcomes') return await hot.run<Row>(statement, values);
      prepared.push({ statement, values });
      return [];
    },
  };
}

function itemsOf(numbers: readonly number[]): OutcomeItem[] {
  return numbers.map((each) => {
    const number = String(each);
    const body = Buffer.from(JSON.stringify({ reference: `BENCH${number}`, filler: 'x'.repeat(250) }));
    return {
      gateway: 'sandbox',
      account: 'platform',
      merchantReference: `BENCH${number}`,
      outcome: {
        kind: 'succeeded' as const,
        amount: vnd(PAYMENT_AMOUNT),
        gatewayTransactionId: `T${number}`,
        paidAt: service.clock.now(),
      },
      source: 'callback',
      callback: {
        id: service.newId(),
        digest: createHash('sha256').update(body).digest('hex'),
        method: 'POST',
        query: '',
        headers: {
          'content-type': ['application/json'],
          'sandbox-timestamp': ['1764000000'],
          'sandbox-signature': [`v1=${'0'.repeat(64)}`],
        },
        body,
        receivedAt: service.clock.now(),
      },
    };
  });
}

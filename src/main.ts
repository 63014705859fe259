/** Process entry: start up, compose, serve or work or both, stop cleanly on SIGTERM. */
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { compose, type Service } from './app/compose.ts';
import { demonstrationDeps, seedDemonstration } from './app/demonstration.ts';
import { demonstrationPath, type Demonstration } from './app/demonstration-file.ts';
import { startUp, type Resources } from './app/start-up.ts';

const ROLES = ['serve', 'work'] as const;
type Role = (typeof ROLES)[number];

function rolesOf(args: readonly string[]): ReadonlySet<Role> {
  const asked = args.filter((arg) => arg !== '--');
  const unknown = asked.find((arg) => !ROLES.some((role) => role === arg));
  if (unknown !== undefined) {
    throw new Error(
      `"${unknown}" is not something this service can do: say "serve", "work" or nothing for both.`,
    );
  }
  return new Set(asked.length === 0 ? ROLES : (asked as Role[]));
}

async function main(): Promise<void> {
  const roles = rolesOf(process.argv.slice(2));
  const stopAsked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  const resources = await startUp({ env: process.env, root: join(import.meta.dirname, '..') });
  try {
    const service = await compose({ ...resources, works: roles.has('work') });
    if (roles.has('serve')) await listen(service, resources);
    if (roles.has('work')) service.startWork();
    if (resources.config.mode === 'embedded')
      tellWhereToClick(await seed(service, resources), resources.config.dataDir);
    const signal = await stopAsked;
    resources.logger.info({ signal }, 'service.stopping');
    await stop(service, resources);
  } finally {
    await resources.close();
  }
}

async function seed(service: Service, resources: Resources): Promise<Demonstration | null> {
  const deps = demonstrationDeps(service, resources);
  return deps && (await seedDemonstration(deps));
}

/** The end of a first start: what a newcomer opens next. Plain lines, for people. */
function tellWhereToClick(demonstration: Demonstration | null, dataDir: string): void {
  if (!demonstration) return;
  const [agency] = demonstration.agencies;
  const lines = [
    '',
    'The payment service is running. No real money moves here.',
    `  Pay an order as a citizen    ${demonstration.checkout_url}`,
    `  The pretend bank's book      ${demonstration.base_url}/sandbox/bank`,
    `  What the agency is told      ${agency?.webhook_inbox_url ?? ''}`,
    `  Reconciliation               ${demonstration.console_url ?? ''}   (operator's client id and secret)`,
    `  The API                      ${demonstration.docs_url}`,
    `  Clients and secrets          ${relative(process.cwd(), demonstrationPath(dataDir))}`,
    '  Play it all once             npm run demo',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function listen(service: Service, { config, logger }: Resources): Promise<void> {
  const { host, port, publicUrl } = config.http;
  const failed = once(service.server, 'error').then(([error]: unknown[]) => {
    throw refusalToListen(error, host, port);
  });
  service.server.listen(port, host);
  await Promise.race([once(service.server, 'listening'), failed]);
  failed.catch((error: unknown) => logger.error({ error }, 'server.failed'));
  logger.info({ host, port, publicUrl }, 'service.listening');
}

function refusalToListen(error: unknown, host: string, port: number): Error {
  const { code } = error as { code?: string };
  if (code === 'EADDRINUSE') {
    return new Error(
      `Port ${String(port)} on ${host} is taken by another program: stop it, or start with another port, ` +
        `for example PORT=${String(port + 1)} npm start.`,
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}

/**
 * Says that it is not ready, takes what is already on its way for a moment, then nothing more; lets what is under way
 * end, and ends background work; all within the time allowed.
 */
async function stop(service: Service, { config, logger }: Resources): Promise<void> {
  service.announceStop();
  // A balancer that has just chosen us may have a connection open whose request we have yet to read.
  if (service.server.listening) await delay(config.http.shutdownDrainMs);
  const closed = service.server.listening
    ? new Promise<void>((resolve) => service.server.close(() => resolve()))
    : Promise.resolve();
  service.server.closeIdleConnections();
  const drained = Promise.all([closed, service.stopWork()]).then(() => 'drained' as const);
  const outcome = await Promise.race([
    drained,
    delay(Math.max(0, config.http.shutdownTimeoutMs - config.http.shutdownDrainMs), 'late' as const, {
      ref: false,
    }),
  ]);
  if (outcome === 'late') service.server.closeAllConnections();
  logger.info({ outcome }, 'service.stopped');
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
});

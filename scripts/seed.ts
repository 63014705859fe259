/** Seeds the demonstration into the database of DATABASE_URL: `npm run seed`. Without one, `npm start` does it. */
import { join } from 'node:path';
import { compose } from '../src/app/compose.ts';
import { demonstrationDeps, seedDemonstration } from '../src/app/demonstration.ts';
import { demonstrationPath } from '../src/app/demonstration-file.ts';
import { startUp } from '../src/app/start-up.ts';
import { runWithoutWords, usage } from './tool.ts';

const USAGE = `npm run seed

Writes the demonstration's agencies, orders and clients into the database of DATABASE_URL, once: a second time changes
nothing. Addresses, clients and secrets are in demo.json of the data folder. Never in production.`;

async function seed(): Promise<void> {
  if (process.env['NODE_ENV'] === 'production') {
    throw new Error('Demonstration data do not belong into production: nothing was seeded.');
  }
  const root = join(import.meta.dirname, '..');
  const resources = await startUp({ env: process.env, root, applicationName: 'seed' });
  try {
    const { config } = resources;
    const service = await compose({ ...resources, works: false });
    try {
      const deps = demonstrationDeps(service, resources);
      if (!deps) throw new Error('The demonstration needs its sandbox: unset SANDBOX_ENABLED=false.');
      await seedDemonstration(deps);
      console.log(`Seeded. Addresses, clients and their secrets: ${demonstrationPath(config.dataDir)}`);
    } finally {
      await service.stopWork();
    }
  } finally {
    await resources.close();
  }
}

await runWithoutWords(USAGE, () =>
  seed().catch((error: unknown) => usage(error instanceof Error ? error.message : String(error))),
);

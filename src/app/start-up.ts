/** What every process needs before it serves: configuration, this folder's lock, a database at the newest schema. */
import { join } from 'node:path';
import { migrate } from '../../db/sql-migrations.ts';
import { readConfig, type Config } from '../platform/config.ts';
import { openDatabase, openHotPool, type Database, type HotPool } from '../platform/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../platform/embedded-postgres.ts';
import { takeFolderLock } from '../platform/folder-lock.ts';
import { createLogger, type Logger } from '../platform/logger.ts';

export interface Resources {
  readonly config: Config;
  readonly logger: Logger;
  readonly db: Database;
  readonly hotPool: HotPool;
  /** The owner's address, for the few commands that change the schema. */
  readonly ownerUrl: string;
  /** Closes the pools, stops the embedded database and gives the folder free. Once everything else has drained. */
  close(): Promise<void>;
}

/**
 * Reads the configuration and makes everything ready that a process works with.
 *
 * In embedded mode one process holds the folder; a second start is refused and told which one it is. Throws
 * one sentence (or a list of configuration faults) where a person has to act.
 */
export async function startUp(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of `.data`. */
  readonly root: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
}): Promise<Resources> {
  const config = readConfig(options.env, { dataDir: join(options.root, '.data') });
  const logger = createLogger(config.log);
  for (const warning of config.warnings) logger.warn({ warning }, 'configuration.doubtful');
  const lock = config.mode === 'embedded' ? lockFolder(config.dataDir) : null;
  let embedded: EmbeddedPostgres | null = null;
  try {
    if (!config.database.urls) embedded = await startEmbedded(config, logger);
    const urls = embedded
      ? { app: embedded.appUrl, owner: embedded.ownerUrl }
      : { app: config.database.urls?.app.reveal() ?? '', owner: config.database.urls?.owner.reveal() ?? '' };
    const applied = await migrate({ ownerUrl: urls.owner, appUrl: urls.app });
    if (applied.length > 0) logger.info({ migrations: applied }, 'schema.migrated');
    return {
      config,
      logger,
      ownerUrl: urls.owner,
      ...openPools(config, urls.app, options.applicationName ?? 'payments', async () => {
        await embedded?.stop();
        lock?.release();
      }),
    };
  } catch (error) {
    await embedded?.stop();
    lock?.release();
    throw error;
  }
}

function lockFolder(dataDir: string): { release(): void } {
  const lock = takeFolderLock(join(dataDir, 'running.lock'));
  if ('release' in lock) return lock;
  throw new Error(
    `The service already runs in this folder as process ${lock.heldBy}: stop that one first, ` +
      'or set DATA_DIR and PORT to run a second one.',
  );
}

async function startEmbedded(config: Config, logger: Logger): Promise<EmbeddedPostgres> {
  const embedded = await startEmbeddedPostgres({
    dataDir: config.dataDir,
    onNotice: (notice) => logger.warn({ notice }, 'database.noticed'),
  });
  embedded.supervise();
  return embedded;
}

function openPools(
  config: Config,
  url: string,
  applicationName: string,
  closeRest: () => Promise<void>,
): Pick<Resources, 'db' | 'hotPool' | 'close'> {
  const { poolMax, hotPoolMax, statementTimeoutMs } = config.database;
  const db = openDatabase({ url, poolMax, applicationName, statementTimeoutMs });
  const hotPool = openHotPool({
    url,
    max: hotPoolMax,
    applicationName: `${applicationName}-hot`,
    statementTimeoutMs,
  });
  return {
    db,
    hotPool,
    async close() {
      await Promise.all([db.destroy(), hotPool.end()]);
      await closeRest();
    },
  };
}

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startUp } from '../../src/app/start-up.ts';
import { query } from '../../src/platform/database.ts';
import { createEmptyDatabase } from '../support/database.ts';

describe('starting up', function () {
  this.timeout(60_000);
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'start up '));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const quiet = { LOG_LEVEL: 'silent' };

  it('with nothing set brings a migrated database, refuses a second start and names the first, and starts again', async () => {
    const first = await startUp({ env: quiet, root });
    try {
      const [me] = await query<{ name: string }>(first.db, 'select current_user::text as name');
      assert.equal(me?.name, 'payments_app');
      assert.deepEqual(await first.hotPool.run({ name: 'one', text: 'select 1 as one' }, []), [{ one: 1 }]);
      await assert.rejects(
        startUp({ env: quiet, root }),
        new RegExp(`already runs in this folder as process ${String(process.pid)}`),
      );
    } finally {
      await first.close();
    }
    const again = await startUp({ env: quiet, root });
    await again.close();
  });

  it('uses the database it is given, and starts no other', async () => {
    const given = await createEmptyDatabase();
    const env = { ...quiet, DATABASE_URL: given.appUrl, DATABASE_OWNER_URL: given.ownerUrl };
    const [one, two] = await Promise.all([startUp({ env, root }), startUp({ env, root })]);
    assert.deepEqual(await query(one.db, 'select count(*) > 0 as migrated from knex_migrations'), [
      { migrated: true },
    ]);
    await Promise.all([one.close(), two.close()]);
    assert.throws(() => readFileSync(join(root, '.data', 'postgres.log')), { code: 'ENOENT' });
    await given.drop();
  });

  it('leaves nothing running and the folder free when it cannot finish', async () => {
    const env = {
      ...quiet,
      DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x',
      DATABASE_OWNER_URL: 'postgres://o:b@127.0.0.1:1/x',
    };
    await assert.rejects(startUp({ env, root }), /PostgreSQL at 127\.0\.0\.1:1 does not answer/);
    const after = await startUp({ env: quiet, root });
    await after.close();
  });
});

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import {
  inTransaction,
  isDatabaseUnavailable,
  openDatabase,
  openHotPool,
  query,
  type Database,
} from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

describe('the door for SQL', () => {
  let test: TestDatabase;
  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());

  it('keeps whole numbers whole and days days', async () => {
    const [row] = await query<Record<string, unknown>>(
      test.db,
      `select 9007199254740993::int8 as large, array[1, 9007199254740993]::int8[] as several, 1.10::numeric as exact,
              date '2026-03-02' as day, array[date '2026-03-02'] as days, timestamptz '2026-03-02T08:15:04Z' as instant`,
    );
    assert.deepEqual(row, {
      large: 9007199254740993n,
      several: [1n, 9007199254740993n],
      exact: '1.10',
      day: '2026-03-02',
      days: ['2026-03-02'],
      instant: new Date('2026-03-02T08:15:04Z'),
    });
  });

  it('binds names and leaves casts, JSON operators, quoted text and comments alone', async () => {
    const [row] = await query<Record<string, unknown>>(
      test.db,
      `select :amount::int8 as amount, -- what :this says
              '{"a": 1}'::jsonb ? 'a' as has, '{"b": 1}'::jsonb ?| :keys::text[] as "any:of", /* :neither ? */
              ':text?' as quoted, $tag$ :dollar ? $tag$ as dollar, :name::text || :name::text as twice`,
      { amount: 9007199254740993n, keys: ['a', 'b'], name: 'é?' },
    );
    assert.deepEqual(row, {
      amount: 9007199254740993n,
      has: true,
      'any:of': true,
      quoted: ':text?',
      dollar: ' :dollar ? ',
      twice: 'é?é?',
    });
  });

  it('refuses a name that has no value', async () => {
    await assert.rejects(query(test.db, 'select :missing::text'), /binding :missing has no value/);
  });

  it('does not put values into the text of an error', async () => {
    await assert.rejects(
      query(test.db, 'select (:secret::text)::int', { secret: '079123456789x' }),
      (error: Error) => {
        assert.doesNotMatch(error.message.split(' - ')[0] ?? '', /079123456789x/);
        return true;
      },
    );
  });

  it('runs a named statement in the hot pool with a generic plan', async () => {
    const statement = {
      name: 'plan-mode',
      text: `select current_setting('plan_cache_mode') as mode, $1::int8 as n`,
    };
    for (const n of [1n, 2n]) {
      assert.deepEqual(await test.hotPool.run(statement, [n]), [{ mode: 'force_generic_plan', n }]);
    }
  });
});

describe('a transaction', () => {
  let test: TestDatabase;
  before(async () => {
    test = await createTestDatabase();
    await query(test.ownerDb, 'create table counters (id int primary key, value int not null)');
    await query(test.ownerDb, 'create table attempts (n bigint generated always as identity)');
    await query(test.ownerDb, 'create sequence commit_attempts');
    // Fails with 40001 when the transaction commits, as often as the setting says: sequences survive a rollback.
    await query(
      test.ownerDb,
      `create function fail_at_commit() returns trigger language plpgsql as $$
       begin
         if nextval('commit_attempts') <= current_setting('test.failures')::int then
           raise exception 'injected' using errcode = '40001';
         end if;
         return null;
       end $$`,
    );
    await query(
      test.ownerDb,
      `create constraint trigger fail_at_commit after insert on counters deferrable initially deferred
       for each row execute function fail_at_commit()`,
    );
  });
  beforeEach(async () => {
    await query(test.ownerDb, 'truncate counters');
    await query(test.ownerDb, `select setval('commit_attempts', 1, false)`);
  });
  after(() => test.drop());

  function insertFailing(db: Database, failures: number): Promise<number> {
    let runs = 0;
    return inTransaction(db, async (tx) => {
      runs += 1;
      await query(tx, `select set_config('test.failures', :failures::text, true)`, {
        failures: String(failures),
      });
      await query(tx, 'insert into counters values (1, 1)');
      return runs;
    });
  }

  it('is tried again after a serialization failure at commit, without a double effect', async () => {
    assert.equal(await insertFailing(test.ownerDb, 3), 4);
    assert.deepEqual(await query(test.ownerDb, 'select id, value from counters'), [{ id: 1, value: 1 }]);
  });

  it('gives up after five tries and says that the database is unavailable', async () => {
    await assert.rejects(insertFailing(test.ownerDb, 100), (error: Error & { code?: string }) => {
      assert.equal(error.code, '40001');
      assert.equal(isDatabaseUnavailable(error), true);
      return true;
    });
    const [made] = await query<{ last_value: bigint }>(
      test.ownerDb,
      'select last_value from commit_attempts',
    );
    assert.equal(made?.last_value, 5n);
    assert.deepEqual(await query(test.ownerDb, 'select id from counters'), []);
  });

  it('is tried again after a deadlock, and both sides take effect once', async () => {
    await query(test.ownerDb, `select set_config('test.failures', '0', false)`);
    await inTransaction(test.ownerDb, async (tx) => {
      await query(tx, `select set_config('test.failures', '0', true)`);
      await query(tx, 'insert into counters values (1, 0), (2, 0)');
    });
    let waiting = 0;
    let release: () => void = () => undefined;
    const bothHoldOne = new Promise<void>((resolve) => (release = resolve));
    const add = (first: number, second: number) =>
      inTransaction(test.ownerDb, async (tx) => {
        await query(tx, 'update counters set value = value + 1 where id = :id', { id: first });
        waiting += 1;
        if (waiting === 2) release();
        await bothHoldOne;
        await query(tx, 'update counters set value = value + 1 where id = :id', { id: second });
      });
    await Promise.all([add(1, 2), add(2, 1)]);
    assert.ok(waiting > 2, 'one side was tried again');
    assert.deepEqual(await query(test.ownerDb, 'select id, value from counters order by id'), [
      { id: 1, value: 2 },
      { id: 2, value: 2 },
    ]);
  });

  it('does not report success when an error inside it was swallowed', async () => {
    await assert.rejects(
      inTransaction(test.ownerDb, async (tx) => {
        await query(tx, 'select 1 / 0').catch(() => undefined);
      }),
      /rolled back at commit/,
    );
  });

  it('leaves nothing behind when its work throws, and passes the error on', async () => {
    const fault = new Error('no');
    await assert.rejects(
      inTransaction(test.ownerDb, async (tx) => {
        await query(tx, `select set_config('test.failures', '0', true)`);
        await query(tx, 'insert into counters values (9, 9)');
        throw fault;
      }),
      (error) => error === fault,
    );
    assert.deepEqual(await query(test.ownerDb, 'select id from counters'), []);
  });
});

describe('a database that cannot serve', () => {
  let test: TestDatabase;
  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());

  it('is told from a wrong statement', async () => {
    await assert.rejects(query(test.db, 'select 1 / 0'), (error) => !isDatabaseUnavailable(error));
    await assert.rejects(query(test.db, 'selec 1'), (error) => !isDatabaseUnavailable(error));
    assert.equal(isDatabaseUnavailable(new TypeError('x is undefined')), false);
  });

  it('is recognised by an empty pool, soon, and recovers by itself', async () => {
    const db = openDatabase({ url: test.appUrl, poolMax: 1, applicationName: 'tiny', acquireTimeoutMs: 100 });
    try {
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let taken: () => void = () => undefined;
      const isTaken = new Promise<void>((resolve) => (taken = resolve));
      const holder = inTransaction(db, async () => {
        taken();
        await held;
      });
      await isTaken;
      const began = performance.now();
      await assert.rejects(query(db, 'select 1'), isDatabaseUnavailable);
      assert.ok(performance.now() - began < 1_000);
      release();
      await holder;
      assert.deepEqual(await query(db, 'select 1 as one'), [{ one: 1 }]);
    } finally {
      await db.destroy();
    }
  });

  it('is recognised by a statement that runs too long', async () => {
    const db = openDatabase({
      url: test.appUrl,
      poolMax: 1,
      applicationName: 'slow',
      statementTimeoutMs: 50,
    });
    const hotPool = openHotPool({ url: test.appUrl, max: 1, statementTimeoutMs: 50 });
    try {
      await assert.rejects(query(db, 'select pg_sleep(5)'), isDatabaseUnavailable);
      await assert.rejects(
        hotPool.run({ name: 'sleep', text: 'select pg_sleep(5)' }, []),
        isDatabaseUnavailable,
      );
      assert.deepEqual(await query(db, 'select 1 as one'), [{ one: 1 }]);
    } finally {
      await Promise.all([db.destroy(), hotPool.end()]);
    }
  });

  it('is recognised by a connection that breaks under a statement, and the pool recovers', async () => {
    const db = openDatabase({ url: test.appUrl, poolMax: 2, applicationName: 'broken' });
    try {
      const victim = query(db, 'select pg_sleep(10)');
      const ended = assert.rejects(victim, isDatabaseUnavailable);
      await untilTrue(async () => {
        const rows = await asSuperuser(
          test,
          `select pid from pg_stat_activity where application_name = 'broken' and state = 'active'`,
        );
        return rows.length === 1;
      });
      await asSuperuser(
        test,
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'broken'`,
      );
      await ended;
      // Another connection of the pool may have been ended too: each tells so once, and is replaced.
      await untilTrue(async () => {
        const answered = await query<{ one: number }>(db, 'select 1 as one').catch((error: unknown) => {
          assert.ok(isDatabaseUnavailable(error));
          return [];
        });
        return answered[0]?.one === 1;
      });
    } finally {
      await db.destroy();
    }
  });

  it('is recognised where nobody listens, and where the other side hangs up', async () => {
    const nobody = openDatabase({ url: 'postgres://a:b@127.0.0.1:1/x', poolMax: 1, applicationName: 'none' });
    await assert.rejects(query(nobody, 'select 1'), isDatabaseUnavailable);
    await nobody.destroy();

    const rude: Server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    const port = (rude.address() as { port: number }).port;
    const hotPool = openHotPool({ url: `postgres://a:b@127.0.0.1:${String(port)}/x`, max: 1 });
    await assert.rejects(hotPool.run({ name: 'one', text: 'select 1' }, []), isDatabaseUnavailable);
    await hotPool.end();
    rude.close();
  });

  it('ends nothing when an idle connection is ended by the server', async () => {
    const hotPool = openHotPool({ url: test.appUrl, max: 1, applicationName: 'idle-hot' });
    await hotPool.run({ name: 'one', text: 'select 1' }, []);
    await asSuperuser(
      test,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'idle-hot'`,
    );
    await untilTrue(async () => {
      try {
        return (await hotPool.run({ name: 'one', text: 'select 1 as one' }, [])).length === 1;
      } catch (error) {
        assert.ok(isDatabaseUnavailable(error), String(error));
        return false;
      }
    });
    await hotPool.end();
  });
});

async function asSuperuser(test: TestDatabase, sql: string): Promise<object[]> {
  const db = openDatabase({ url: test.superuserUrl, poolMax: 1, applicationName: 'superuser' });
  try {
    return await query(db, sql);
  } finally {
    await db.destroy();
  }
}

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, 'the condition never became true');
  }
}

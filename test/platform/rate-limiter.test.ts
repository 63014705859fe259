import assert from 'node:assert/strict';
import { openDatabase } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createBatchedRateLimiter, createRateLimiter } from '../../src/platform/rate-limiter.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const silent = createLogger({ level: 'silent' });

describe('a rate limit', () => {
  let test: TestDatabase;
  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());

  it('lets exactly the allowed number through when all come at once, over two processes', async () => {
    const limit = { name: 'at-once', requests: 5, perSeconds: 60 };
    const one = createRateLimiter({ db: test.db, logger: silent }, limit);
    const two = createRateLimiter({ db: test.db, logger: silent }, limit);
    const decisions = await Promise.all(
      Array.from({ length: 12 }, (_nothing, index) => (index % 2 === 0 ? one : two).take('10.0.0.1')),
    );
    assert.equal(decisions.filter((decision) => decision.allowed).length, 5);
  });

  it('tells after how many seconds to come again', async () => {
    const limiter = createRateLimiter(
      { db: test.db, logger: silent },
      { name: 'later', requests: 1, perSeconds: 30 },
    );
    await limiter.take('k');
    const refused = await limiter.take('k');
    assert.ok(!refused.allowed && refused.retryAfterSeconds > 25 && refused.retryAfterSeconds <= 30);
  });

  it('counts each key and each limit apart', async () => {
    const deps = { db: test.db, logger: silent };
    const first = createRateLimiter(deps, { name: 'first', requests: 1, perSeconds: 30 });
    const second = createRateLimiter(deps, { name: 'second', requests: 1, perSeconds: 30 });
    assert.deepEqual(await first.take('a'), { allowed: true });
    assert.deepEqual(await first.take('b'), { allowed: true });
    assert.deepEqual(await second.take('a'), { allowed: true });
  });

  it('lets everybody through when the database fails, and says so in the log', async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const db = openDatabase({ url: 'postgres://a:b@127.0.0.1:1/x', poolMax: 1, applicationName: 'none' });
    const limiter = createRateLimiter({ db, logger }, { name: 'open', requests: 1, perSeconds: 30 });
    for (let n = 0; n < 3; n += 1) assert.deepEqual(await limiter.take('k'), { allowed: true });
    assert.equal(lines.length, 3);
    assert.match(lines[0] ?? '', /rate-limit\.not-counted/);
    await db.destroy();
  });

  it('for the busiest door stops a client in every process once one of them has told', async () => {
    const limit = { name: 'busy', requests: 20, perSeconds: 60 };
    const one = createBatchedRateLimiter({ db: test.db, logger: silent }, limit);
    const two = createBatchedRateLimiter({ db: test.db, logger: silent }, limit);
    const inOne = await Promise.all(Array.from({ length: 30 }, () => one.take('c')));
    assert.equal(inOne.filter(({ allowed }) => allowed).length, 20);
    let refused = false;
    for (let deadline = Date.now() + 5_000; !refused && Date.now() < deadline;) {
      const [first, second] = [await one.take('c'), await two.take('c')];
      refused = !first.allowed && !second.allowed;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(refused);
    assert.deepEqual(await two.take('another'), { allowed: true });
  });
});

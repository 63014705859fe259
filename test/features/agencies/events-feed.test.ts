/** The events feed never skips: what is given once is never overtaken. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { AgencyId } from '../../../src/domain/kernel/ids.ts';
import { readEvents } from '../../../src/features/agencies/events-feed.ts';
import type { FeedPosition } from '../../../src/features/agencies/events-feed-store.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { addAgency, addEvent, addOrder, until } from './webhook-fixtures.ts';

describe('the events feed', () => {
  let test: TestDatabase;
  let agencyId: AgencyId;
  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());
  beforeEach(async () => {
    agencyId = await addAgency(test.db);
  });

  const at = new Date('2026-03-02T08:00:00Z');
  const anEvent = async (
    db: TestDatabase['db'],
    orderId?: Awaited<ReturnType<typeof addOrder>>,
    sequence = 1,
  ) =>
    addEvent(db, {
      agencyId,
      orderId: orderId ?? (await addOrder(db, agencyId)),
      sequence,
      endpoints: [],
      at,
    });

  async function readAll(
    after: FeedPosition | null,
    limit = 3,
  ): Promise<{ ids: string[]; position: FeedPosition | null }> {
    const ids: string[] = [];
    let position = after;
    for (;;) {
      const page = await readEvents({ db: test.db }, { agencyId, after: position, limit });
      ids.push(...page.bodies.map((body) => (JSON.parse(body) as { id: string }).id));
      position = page.position;
      if (!page.hasMore) return { ids, position };
    }
  }

  it('gives every event once, page by page, and stays where it stood when nothing has come', async () => {
    assert.deepEqual(await readAll(null), { ids: [], position: null });
    const events = [];
    for (let index = 0; index < 10; index += 1) events.push((await anEvent(test.db)).publicId);
    await until(async () => (await readAll(null)).ids.length === 10, 'the feed shows them');
    const { ids, position } = await readAll(null);
    assert.deepEqual(ids, events);
    assert.deepEqual(await readAll(position), { ids: [], position });
  });

  it("shows nothing of another agency's events", async () => {
    await anEvent(test.db);
    const other = await addAgency(test.db);
    const page = await readEvents({ db: test.db }, { agencyId: other, after: null, limit: 10 });
    assert.deepEqual(page.bodies, []);
  });

  it('waits for a transaction that is still open instead of passing it by', async () => {
    const first = await anEvent(test.db);
    await until(async () => (await readAll(null)).ids.length === 1, 'the first is shown');
    const { position } = await readAll(null);
    const open = await test.db.transaction();
    const early = await anEvent(open);
    const late = await anEvent(test.db);
    assert.deepEqual((await readAll(position)).ids, [], 'the later one is committed and not yet shown');
    await open.commit();
    await until(async () => (await readAll(position)).ids.length === 2, 'both are shown');
    assert.deepEqual((await readAll(position)).ids, [early.publicId, late.publicId]);
    assert.deepEqual((await readAll(null)).ids, [first.publicId, early.publicId, late.publicId]);
  });

  it('gives a reader that follows closely every event that many writers commit in any order', async () => {
    const written: string[] = [];
    let writing = 4;
    const writers = Array.from({ length: 4 }, async () => {
      for (let index = 0; index < 15; index += 1) {
        const tx = await test.db.transaction();
        const event = await anEvent(tx);
        for (let turns = Math.floor(Math.random() * 20); turns > 0; turns -= 1) await turn();
        if (Math.random() < 0.2) {
          await tx.rollback();
        } else {
          await tx.commit();
          written.push(event.publicId);
        }
      }
      writing -= 1;
    });
    const followed: string[] = [];
    let position: FeedPosition | null = null;
    await until(async () => {
      const read = await readAll(position);
      followed.push(...read.ids);
      position = read.position;
      return writing === 0 && followed.length >= written.length;
    }, 'the reader has caught up');
    await Promise.all(writers);
    assert.deepEqual([...followed].sort(), [...written].sort());
    assert.deepEqual((await readAll(null)).ids, followed, 'a second reader sees the same order');
  });
});

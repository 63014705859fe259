import assert from 'node:assert/strict';
import { createLogger } from '../../src/platform/logger.ts';
import { query } from '../../src/platform/database.ts';
import { Secret } from '../../src/platform/secret.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

function collect(): { lines: any[]; write(line: string): void } {
  const lines: any[] = [];
  return { lines, write: (line) => void lines.push(JSON.parse(line)) };
}

describe('the log', () => {
  it('is one JSON line an event, with the level in words and the instant in UTC', () => {
    const out = collect();
    createLogger({ level: 'info' }, out).info(
      { paymentId: 'pay_1', amountMinor: 50000n },
      'payment.succeeded',
    );
    const [line] = out.lines;
    assert.equal(line['level'], 'info');
    assert.equal(line['msg'], 'payment.succeeded');
    assert.equal(line['amountMinor'], '50000');
    assert.match(line['time'], /^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('hides secrets and personal data at any depth, in children too', () => {
    const out = collect();
    const canary = '079123456789';
    const logger = createLogger({ level: 'info' }, out)
      .child({ payer: canary })
      .child({ requestId: 'r1', payer: canary });
    logger.info(
      {
        headers: { authorization: canary },
        orders: [{ payer_name: canary, id: 'po_1' }],
        key: new Secret(canary),
      },
      'request.answered',
    );
    assert.doesNotMatch(JSON.stringify(out.lines), new RegExp(canary));
    assert.equal(out.lines[0]['payer'], '[hidden]');
    assert.equal(out.lines[0]['requestId'], 'r1');
    assert.equal(out.lines[0]['orders'][0].id, 'po_1');
    assert.equal(out.lines[0]['key'], '[secret]');
  });

  it('tells an error by its kind, words, place and cause', () => {
    const out = collect();
    const error = new Error('the outer', { cause: new TypeError('the inner') });
    createLogger({ level: 'info' }, out).error({ error }, 'request.failed');
    const told = out.lines[0]['error'];
    assert.equal(told.message, 'the outer');
    assert.match(told.stack, /logger\.test/);
    assert.equal(told.cause.type, 'TypeError');
  });

  describe('with an error of the database', () => {
    let test: TestDatabase;
    before(async () => {
      test = await createTestDatabase();
      await query(test.ownerDb, 'create table people (email text primary key)');
      await query(test.ownerDb, `insert into people values ('canary@example.org')`);
    });
    after(() => test.drop());

    it('shows no value of the row', async () => {
      const out = collect();
      const logger = createLogger({ level: 'info' }, out);
      const faults = [
        query(test.ownerDb, 'insert into people values (:email)', { email: 'canary@example.org' }),
        query(test.ownerDb, 'select (:text::text)::int', { text: 'canary@example.org' }),
      ];
      for (const fault of faults) {
        await fault.then(
          () => assert.fail('the statement should fail'),
          (error: unknown) => logger.error({ error }, 'request.failed'),
        );
      }
      assert.equal(out.lines[0]['error'].code, '23505');
      assert.equal(out.lines[0]['error'].constraint, 'people_pkey');
      assert.doesNotMatch(JSON.stringify(out.lines), /canary/);
    });
  });
});

/** The small tools as an operator calls them: help, wrong words, a database that is not there, and what they do. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAgency } from '../../src/features/agencies/add-agency.ts';
import { issueClient } from '../../src/features/agencies/issue-client.ts';
import { revokeClient } from '../../src/features/agencies/revoke-client.ts';
import { query } from '../../src/platform/database.ts';
import { sampleAgency } from '../support/agency-api.ts';
import { runScript } from '../support/child-process.ts';
import { fixedClock } from '../support/clock.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { newTestId } from '../support/ids.ts';

describe('the small tools', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let folder: string;
  before(async () => {
    database = await createTestDatabase();
    folder = mkdtempSync(join(tmpdir(), 'tools-'));
  });
  after(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  const run = (script: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    runScript(`scripts/${script}.ts`, {
      args,
      input: '',
      env: {
        DATABASE_URL: database.appUrl,
        DATABASE_OWNER_URL: database.ownerUrl,
        DATA_DIR: folder,
        ...env,
      },
    });
  const fileWith = (content: string): string => {
    const file = join(folder, 'given');
    writeFileSync(file, content);
    return file;
  };
  const refused = async (script: string, args: readonly string[], says: RegExp, env = {}) => {
    const { code, text } = await run(script, args, env);
    assert.match(text, says, `${script} ${args.join(' ')}`);
    assert.equal(code, 1, text);
    assert.doesNotMatch(text, /\n {4}at |node:internal|insert into/, `${script} ${args.join(' ')}`);
  };
  const count = async (what: string): Promise<number> => {
    const [row] = await query<{ n: string }>(database.db, `select count(*)::text as n from ${what}`);
    return Number(row?.n);
  };

  // There is no database at this address: whatever touches one fails.
  const NOWHERE = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };

  it('answer a question for help with their use, and do nothing else', async () => {
    for (const script of ['rotate-signing-key', 'client', 'migrate']) {
      const { code, text } = await run(script, ['--help'], NOWHERE);
      assert.match(text, /^npm run [a-z-]+/, script);
      assert.equal(code, 0, text);
    }
  });

  it('refuse words they do not know before they open anything', async () => {
    await refused('rotate-signing-key', ['now'], /^npm run rotate-keys/, NOWHERE);
    // Whoever names two leaked clients must not believe that both are revoked.
    await refused('client', ['revoke', 'client_1', 'client_2'], /^npm run client/, NOWHERE);
    const window = ['--gateway', 'sandbox', '--from', '2026-02-30T22:00Z', '--to', '2026-03-03T02:00Z'];
    await refused(
      'gateway',
      ['maintenance', 'add', ...window],
      /"2026-02-30T22:00Z" is not an inst/,
      NOWHERE,
    );
  });

  it('say in a sentence when the configuration or the database cannot be used', async () => {
    await refused('client', ['list'], /^The configuration cannot be used:\n {2}- PORT/, { PORT: 'x' });
    await refused(
      'client',
      ['list'],
      /^PostgreSQL at 127\.0\.0\.1:1 does not answer .*ECONNREFUSED/,
      NOWHERE,
    );
    const empty = await createEmptyDatabase();
    await refused(
      'client',
      ['list'],
      /^The database's schema is older .*start the service, or run npm run migrate/,
      {
        DATABASE_URL: empty.appUrl,
      },
    );
    await empty.drop();
  });

  const AGENCY = {
    code: 'H77',
    name_vi: 'Cơ quan',
    name_en: 'Agency',
    beneficiaries: [
      { code: 'KB-1', kind: 'treasury', name: 'Kho bạc', bank_name: 'Bank', account_number: '1' },
    ],
  };

  it('name every fault of an agency file and add nothing of it', async () => {
    const before = await count('agencies');
    const [account] = AGENCY.beneficiaries;
    const faulty = {
      ...AGENCY,
      code: 'h77',
      name_vi: 'a\0b',
      beneficiaries: [account, account],
      aliases: [
        { code: 'h31', valid_from: '2025-02-30' },
        { code: '000.00.00.H77', valid_from: '2025-07-01', valid_to: '2024-01-01' },
      ],
    };
    await refused(
      'agency',
      ['add', fileWith(JSON.stringify(faulty))],
      new RegExp(
        [
          'capital letters.*at code',
          'control characters.*at name_vi',
          'hold one code twice.*at beneficiaries',
          'is nothing a dossier code begins with.*at aliases\\[0\\].code',
          'is not a day.*at aliases\\[0\\].valid_from',
          'is not after valid_from',
        ].join('.*'),
        's',
      ),
    );
    assert.equal(await count('agencies'), before);
  });

  it('add an agency, and say whose dossiers count as its own from now on', async () => {
    const add = (change: object) => ['add', fileWith(JSON.stringify({ ...AGENCY, ...change }))];
    await addAgency(
      { db: database.db, newId: newTestId },
      { ...sampleAgency('H76'), aliases: [], demonstration: false },
    );
    const merging = { aliases: [{ code: 'H76', valid_from: '2026-01-01' }] };
    const { code, text } = await run('agency', add(merging));
    assert.match(text, /begin with: H77, H76\./);
    assert.match(text, /From 2026-01-01 on dossiers of agency H76 are those of H77\./);
    assert.equal(code, 0);
    await refused('agency', add({ code: 'H78', ...merging }), /^H76 names another agency from 2026-01-01/);
    assert.equal(await count(`agencies where code = 'H78'`), 0);
  });

  it('show which clients there are, and which no longer', async () => {
    const [living, revoked] = ['Nightly import', 'The old import'].map((name) =>
      issueClient({ db: database.db }, { agencyCode: null, name, scopes: ['settlement:write'] }),
    );
    const clock = fixedClock('2026-11-22T02:00:00Z');
    await revokeClient({ db: database.db, clock }, (await revoked)?.clientId ?? '');
    await living;
    const { text } = await run('client', ['list']);
    assert.match(text, / live .* operator {2}"Nightly import" {2}settlement:write\n/);
    assert.match(text, / revoked .* operator {2}"The old import"/);
  });

  it('promise 46: a file of heads that is not there or cannot be read proves nothing', async () => {
    await refused('verify-ledger', ['--heads-file', join(folder, 'no-such')], /cannot be read: ENOENT/);
    const torn = `{"sequence":1,"hash":"${'0'.repeat(64)}"}\n\n{"sequence":2,"ha`;
    await refused('verify-ledger', ['--heads-file', fileWith(torn)], /given: line 3 is not a published head/);
    const none = await run('verify-ledger');
    assert.match(none.text, /0 heads compared[^]*No published head was there/);
    assert.equal(none.code, 0);
  });

  it('leave the money alone when one person would prepare and confirm a payout', async () => {
    const done = ['done', 'RFABC', '--bank-number', 'FT1', '--prepared-by', 'An', '--confirmed-by', ' AN '];
    await refused('payout', done, /^Who confirms is another person/);
  });

  it('name the gateways there are where one is mistyped', async () => {
    const added = ['add', '--gateway', 'vnpai', '--agency', 'H77', '--code', 'h77', '--merchant-id', 'M1'];
    await refused('merchant-account', added, /^No gateway "vnpai" is enabled here; there is .*sandbox/);
  });
});

/** A small agency API over a real database: two agencies, an operator, and whatever route rows a test brings. */
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import express, { type Express } from 'express';
import request from 'supertest';
import { createAuthentication } from '../../src/api/agency-authentication.ts';
import { createAgencyApi, type AgencyApiDeps } from '../../src/api/agency-api.ts';
import type { ApiRoute } from '../../src/api/route.ts';
import { createTokenRoutes } from '../../src/api/token-routes.ts';
import { SCOPES, type Scope } from '../../src/domain/agencies/api-client.ts';
import type { AgencyId } from '../../src/domain/kernel/ids.ts';
import { addAgency } from '../../src/features/agencies/add-agency.ts';
import { issueClient, type IssuedClient } from '../../src/features/agencies/issue-client.ts';
import { createSigningKeys, type SigningKeys } from '../../src/features/agencies/signing-keys.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createSecretBox, type SecretBox } from '../../src/platform/secret-box.ts';
import { Secret } from '../../src/platform/secret.ts';
import { answerChecker } from './answer-checker.ts';
import { fixedClock, type FixedClock } from './clock.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { newTestId } from './ids.ts';

export const TEST_ISSUER = 'https://pay.test';

export interface TestParty extends IssuedClient {
  readonly agencyId: AgencyId;
  readonly token: string;
}

export interface TestApi {
  readonly app: Express;
  readonly database: TestDatabase;
  readonly clock: FixedClock;
  readonly box: SecretBox;
  readonly keys: SigningKeys;
  readonly first: TestParty;
  readonly second: TestParty;
  readonly operator: TestParty;
  /** Every line logged so far. */
  logged(): string;
  /** A token of another new client of the first agency. */
  tokenWith(scopes: readonly Scope[]): Promise<string>;
  issue(agencyCode: string | null, scopes?: readonly Scope[]): Promise<IssuedClient>;
  tokenOf(client: IssuedClient, scope?: string): Promise<string>;
  drop(): Promise<void>;
}

export function testSecretBox(): SecretBox {
  const key = { id: 'test', key: new Secret(Buffer.alloc(32, 7).toString('base64')) };
  return createSecretBox({ current: key, previous: null });
}

/** Make one in `before`, drop it in `after`. */
export async function createTestApi(
  makeRoutes: (database: TestDatabase, clock: FixedClock) => readonly ApiRoute[],
  overrides: Partial<AgencyApiDeps> & { readonly tokenLimiter?: () => Promise<number | null> } = {},
): Promise<TestApi> {
  const database = await createTestDatabase();
  const { db, hotPool } = database;
  const clock = fixedClock('2026-11-22T02:00:00Z');
  const box = testSecretBox();
  const keys = createSigningKeys({ db, clock, box });
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ level: 'debug' }, destination);
  const newRequestId = () => `req_${newTestId().replaceAll('-', '')}`;
  const app = express().disable('x-powered-by');
  const { tokenLimiter, ...apiOverrides } = overrides;
  const routes = makeRoutes(database, clock);
  const checker = answerChecker(routes);
  app.use(
    checker.middleware,
    createTokenRoutes({
      db,
      clock,
      keys,
      issuer: TEST_ISSUER,
      limiter: tokenLimiter ?? (() => Promise.resolve(null)),
      logger,
      newRequestId,
    }),
    createAgencyApi({
      routes,
      authenticate: createAuthentication({ hotPool, clock, keys, issuer: TEST_ISSUER }),
      idempotency: { db, clock, box },
      limiter: () => Promise.resolve(null),
      logger,
      newRequestId,
      ...apiOverrides,
    }),
  );

  const issue: TestApi['issue'] = (agencyCode, scopes = SCOPES) =>
    issueClient({ db }, { agencyCode, name: 'Test client', scopes });
  const tokenOf: TestApi['tokenOf'] = async (client, scope) => {
    const answer = await request(app)
      .post('/oauth/token')
      .type('form')
      .send({
        grant_type: 'client_credentials',
        client_id: client.clientId,
        client_secret: client.clientSecret,
        ...(scope === undefined ? {} : { scope }),
      });
    if (answer.status !== 200) throw new Error(`no token: ${answer.text}`);
    return (answer.body as { access_token: string }).access_token;
  };
  const party = async (agencyCode: string | null, agencyId: AgencyId): Promise<TestParty> => {
    const client = await issue(agencyCode);
    return { ...client, agencyId, token: await tokenOf(client) };
  };
  const firstId = await addAgency({ db, newId: newTestId }, sampleAgency('H29'));
  const secondId = await addAgency({ db, newId: newTestId }, sampleAgency('H30'));

  return {
    app,
    database,
    clock,
    box,
    keys,
    first: await party('H29', firstId),
    second: await party('H30', secondId),
    operator: await party(null, 0 as AgencyId),
    logged: () => lines.join(''),
    tokenWith: async (scopes) => tokenOf(await issue('H29', scopes)),
    issue,
    tokenOf,
    async drop() {
      await database.drop();
      assert.deepEqual(checker.faults, [], 'every answer keeps to the schema of its route');
    },
  };
}

export function sampleAgency(code: string) {
  return {
    code,
    nameVi: `Cơ quan ${code}`,
    nameEn: `Agency ${code}`,
    contactPhone: null,
    returnUrlOrigins: ['https://agency.example.vn'],
    beneficiaries: [
      {
        code: 'KB-1',
        kind: 'treasury' as const,
        name: 'Kho bạc',
        bankName: 'Kho bạc Nhà nước',
        accountNumber: '3511.0.1234567',
        treasuryCode: '0111',
      },
    ],
    aliases: [],
    demonstration: true,
  };
}

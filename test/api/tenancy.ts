/** Shows, route row by route row, that one agency sees and touches nothing of another's (promise 88). */
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import type { ApiRoute } from '../../src/api/route.ts';
import { newTestId } from '../support/ids.ts';

/** How a route is shown to keep agencies apart. */
export type TenantCase =
  /** It names an object of the first agency: for the second it is absent. */
  | { readonly kind: 'object'; readonly params: Readonly<Record<string, string>>; readonly body?: object }
  /** It lists or sums up: what the first agency's answer holds, the second's must not. */
  | {
      readonly kind: 'list';
      /** What of it, each, when a list is put together from several places. */
      readonly marker: string | readonly string[];
      readonly query?: string;
      readonly params?: Readonly<Record<string, string>>;
    }
  /** It belongs to no agency, or only ever acts for the one whose token it is; `why` says so. */
  | { readonly kind: 'no_object'; readonly why: string };

export interface TenancySetup {
  readonly app: Express;
  readonly routes: readonly ApiRoute[];
  /** Owns the objects of the cases. */
  readonly ownerToken: string;
  readonly strangerToken: string;
  /** By operationId. A row for operators only needs none: both agencies must be refused. */
  readonly cases: Readonly<Record<string, TenantCase>>;
}

/** Every way in which the routes fail to keep the two agencies apart, one sentence each. */
export async function tenancyFaults(setup: TenancySetup): Promise<string[]> {
  const faults: string[] = [];
  const known = new Set(setup.routes.map((row) => row.operationId));
  for (const name of Object.keys(setup.cases)) {
    if (!known.has(name)) faults.push(`${name}: there is no such route any more`);
  }
  for (const row of setup.routes) {
    const found = await faultOf(setup, row);
    if (found !== null) faults.push(`${row.operationId} (${row.method.toUpperCase()} ${row.path}): ${found}`);
  }
  return faults;
}

async function faultOf(setup: TenancySetup, row: ApiRoute): Promise<string | null> {
  const nobody = await ask(setup, row, { token: null });
  if (nobody.status !== 401) return `answers ${String(nobody.status)} without a token`;
  if (row.kinds && !row.kinds.includes('agency')) return operatorFault(setup, row);
  const given = setup.cases[row.operationId];
  if (!given) return 'has no tenant case: add one';
  if (given.kind === 'no_object')
    return row.path.includes('{') ? 'names an object, so it needs an object case' : null;
  return given.kind === 'object' ? objectFault(setup, row, given) : listFault(setup, row, given);
}

async function operatorFault(setup: TenancySetup, row: ApiRoute): Promise<string | null> {
  for (const token of [setup.ownerToken, setup.strangerToken]) {
    const answer = await ask(setup, row, { token });
    if (answer.status !== 403) return `answers ${String(answer.status)} to an agency`;
  }
  return null;
}

async function objectFault(
  setup: TenancySetup,
  row: ApiRoute,
  given: Extract<TenantCase, { kind: 'object' }>,
): Promise<string | null> {
  const { params, body } = given;
  const foreign = await ask(setup, row, { token: setup.strangerToken, params, body });
  if (foreign.status !== 404) return `answers ${String(foreign.status)} to another agency: ${foreign.text}`;
  const absent = await ask(setup, row, { token: setup.strangerToken, params: absentOf(params), body });
  if (visibleOf(foreign) !== visibleOf(absent)) {
    return `tells another agency's object from an absent one: ${foreign.text} / ${absent.text}`;
  }
  const own = await ask(setup, row, { token: setup.ownerToken, params, body });
  if (own.status === 404) return 'is 404 to its owner too, so the case shows nothing';
  return own.status >= 500 ? `answers ${String(own.status)} to its owner` : null;
}

async function listFault(
  setup: TenancySetup,
  row: ApiRoute,
  given: Extract<TenantCase, { kind: 'list' }>,
): Promise<string | null> {
  const own = await ask(setup, row, { token: setup.ownerToken, ...given });
  if (own.status !== 200) return `answers ${String(own.status)} to its owner: ${own.text}`;
  const markers = typeof given.marker === 'string' ? [given.marker] : given.marker;
  const unseen = markers.find((marker) => !own.text.includes(marker));
  if (unseen !== undefined) return `does not show "${unseen}" to its owner, so the case shows nothing`;
  const foreign = await ask(setup, row, { token: setup.strangerToken, ...given });
  if (foreign.status >= 500) return `answers ${String(foreign.status)} to another agency`;
  const shown = markers.find((marker) => foreign.text.includes(marker));
  return shown === undefined ? null : `shows "${shown}" to another agency`;
}

interface Asked {
  readonly token: string | null;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: object | undefined;
}

async function ask(setup: TenancySetup, row: ApiRoute, asked: Asked): Promise<Response> {
  const path = row.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => asked.params?.[name] ?? 'x');
  const call = request(setup.app)[row.method](asked.query === undefined ? path : `${path}?${asked.query}`);
  if (asked.token !== null) void call.set('Authorization', `Bearer ${asked.token}`);
  if (row.idempotency !== 'none') void call.set('Idempotency-Key', newTestId());
  if (row.body && asked.body) void call.send(asked.body);
  return call;
}

/** The same parameters with every id changed into one that nobody has. */
function absentOf(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, value.replace(/[0-9a-f]{12}$/, 'fffffffffffe')]),
  );
}

/** What a refusal tells besides the id asked for. */
function visibleOf(answer: Response): string {
  const { type, title, status, code } = answer.body as Record<string, unknown>;
  return JSON.stringify({ type, title, status, code });
}

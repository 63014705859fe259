/** GET /v1/ledger/…: trial balance, accounts and statements, as of what is sealed. An agency sees its own book. */
import { z } from 'zod';
import type { ApiClient } from '../domain/agencies/api-client.ts';
import { publicId, type LedgerAccountId } from '../domain/kernel/ids.ts';
import {
  readAccountStatement,
  type AccountStatement,
  type StatementEntry,
} from '../features/reports/account-statement.ts';
import {
  listAccounts,
  readTrialBalance,
  type AccountBalance,
  type BlockReference,
  type BookScope,
} from '../features/reports/ledger-statement.ts';
import type { Database } from '../platform/database.ts';
import {
  cursorOf,
  dayText,
  instant,
  instantText,
  isXid,
  limit,
  publicIdOf,
  writeCursor,
} from './decoding.ts';
import { pageOf, pageSchema } from './list-page.ts';
import { defineRoute, type ApiRoute } from './route.ts';

export interface LedgerRouteDeps {
  readonly db: Database;
}

/** Whose books a client may read. */
export function bookScopeOf(client: ApiClient): BookScope {
  return client.kind === 'operator' ? 'all' : client.agencyId;
}

const block = z
  .strictObject({
    sequence: z.int().min(1),
    hash: z.string(),
    sealed_at: instantText,
    sealed_through: instantText.meta({ description: 'Everything booked up to here is in the block.' }),
  })
  .nullable();
const accountName = z.strictObject({
  id: z.string(),
  agency: z.string(),
  code: z.int(),
  role: z.string(),
  sub_key: z.string(),
  currency: z.string(),
});
const account = accountName.extend({
  normal_side: z.enum(['debit', 'credit']),
  debits: z.int(),
  credits: z.int(),
  balance: z.int().meta({ description: 'On the normal side; negative when it stands on the other.' }),
});
const book = z.strictObject({
  agency: z.string(),
  currency: z.string(),
  debits: z.int(),
  credits: z.int(),
  balanced: z.boolean(),
});
const entry = z.strictObject({
  transaction_id: z.string(),
  leg: z.int(),
  event_kind: z.string(),
  event_ref: z.string(),
  effective_at: instantText,
  booked_at: instantText,
  business_date: dayText,
  side: z.enum(['debit', 'credit']),
  amount: z.int().min(1),
  counter_account_id: z.string(),
  reverses_transaction_id: z.string().nullable(),
});

export function ledgerRoutes(deps: LedgerRouteDeps): ApiRoute[] {
  return [trialBalanceRoute(deps), accountsRoute(deps), statementRoute(deps)];
}

function trialBalanceRoute(deps: LedgerRouteDeps): ApiRoute {
  return defineRoute({
    method: 'get',
    path: '/v1/ledger/trial-balance',
    operationId: 'getTrialBalance',
    summary: 'Every account with its debits and credits, as of a sealed block',
    tag: 'Ledger',
    scope: 'reports:read',
    idempotency: 'none',
    query: z.strictObject({
      at: instant
        .optional()
        .meta({ description: 'As of the last block at or before; the newest unless given.' }),
    }),
    refuses: ['ledger.not-yet-sealed'],
    answers: {
      200: {
        description: 'The trial balance.',
        schema: z.strictObject({
          as_of: instantText.nullable(),
          block,
          books: z.array(book),
          accounts: z.array(account),
        }),
      },
    },
    async handle({ client, query }) {
      const trial = await readTrialBalance(deps.db, bookScopeOf(client), query.at ?? null);
      return {
        status: 200,
        body: {
          as_of: trial.asOf?.toISOString() ?? null,
          block: blockJson(trial.block),
          books: trial.books.map(({ agencyCode, currency, debits, credits }) => ({
            agency: agencyCode,
            currency,
            debits,
            credits,
            balanced: debits === credits,
          })),
          accounts: trial.accounts.map(accountJson),
        },
      };
    },
  });
}

function accountsRoute(deps: LedgerRouteDeps): ApiRoute {
  return defineRoute({
    method: 'get',
    path: '/v1/ledger/accounts',
    operationId: 'listLedgerAccounts',
    summary: 'The accounts of the book, newest first, with what they hold at the newest block',
    tag: 'Ledger',
    scope: 'reports:read',
    idempotency: 'none',
    query: z.strictObject({ limit, after: cursorOf(z.tuple([z.uuid()])).optional() }),
    answers: {
      200: {
        description: 'A page of accounts.',
        schema: pageSchema(account),
      },
    },
    async handle({ client, query }) {
      const after = (query.after?.[0] ?? null) as LedgerAccountId | null;
      const rows = await listAccounts(deps.db, bookScopeOf(client), { limit: query.limit + 1, after });
      return { status: 200, body: pageOf(rows, query.limit, accountJson, ({ id }) => [id]) };
    },
  });
}

function statementRoute(deps: LedgerRouteDeps): ApiRoute {
  return defineRoute({
    method: 'get',
    path: '/v1/ledger/accounts/{id}/statement',
    operationId: 'getAccountStatement',
    summary: 'The entries of an account between two sealed moments, newest first',
    tag: 'Ledger',
    scope: 'reports:read',
    idempotency: 'none',
    params: z.strictObject({ id: publicIdOf('acc') }),
    missing: 'ledger.account-not-found',
    query: z.strictObject({
      from: instant.optional(),
      to: instant.optional(),
      limit,
      after: cursorOf(z.tuple([z.string(), z.string(), z.uuid(), z.string()]).refine(areNumbers)).optional(),
    }),
    refuses: ['ledger.not-yet-sealed'],
    answers: {
      200: {
        description: 'A page of the statement.',
        schema: z.strictObject({
          account: accountName,
          as_of: instantText.nullable(),
          block,
          opening_balance: z.int(),
          closing_balance: z.int(),
          ...pageSchema(entry).shape,
        }),
      },
    },
    async handle({ client, params, query }) {
      const [sequence, xid, transactionId, leg] = query.after ?? [];
      const statement = await readAccountStatement(deps.db, {
        scope: bookScopeOf(client),
        accountId: params.id,
        from: query.from ?? null,
        to: query.to ?? null,
        limit: query.limit,
        after:
          sequence !== undefined && xid !== undefined && transactionId !== undefined && leg !== undefined
            ? { sequence, xid, transactionId, leg }
            : null,
      });
      const { account: of, next } = statement;
      return {
        status: 200,
        body: {
          account: accountNameJson(of),
          as_of: statement.block?.sealedAt.toISOString() ?? null,
          block: blockJson(statement.block),
          opening_balance: statement.opening,
          closing_balance: statement.closing,
          data: statement.entries.map(entryJson),
          has_more: next !== null,
          next_cursor: next ? writeCursor([next.sequence, next.xid, next.transactionId, next.leg]) : null,
        },
      };
    },
  });
}

/** The parts of a cursor that reach the database as numbers are digits, few enough for their types. */
function areNumbers([sequence, xid, , leg]: readonly [string, string, string, string]): boolean {
  return /^\d{1,18}$/.test(sequence) && isXid(xid) && /^\d{1,4}$/.test(leg);
}

function blockJson(of: BlockReference | null) {
  if (!of) return null;
  return {
    sequence: of.sequence,
    hash: of.hash,
    sealed_at: of.sealedAt.toISOString(),
    sealed_through: of.sealedThrough.toISOString(),
  };
}

function accountNameJson(of: AccountStatement['account']) {
  return {
    id: publicId('acc', of.id),
    agency: of.agencyCode,
    code: of.code,
    role: of.role,
    sub_key: of.subKey,
    currency: of.currency,
  };
}

function accountJson(of: AccountBalance) {
  return {
    ...accountNameJson(of),
    normal_side: of.normalSide,
    debits: of.debits,
    credits: of.credits,
    balance: of.balance,
  };
}

function entryJson(of: StatementEntry) {
  return {
    transaction_id: publicId('txn', of.transactionId),
    leg: of.leg,
    event_kind: of.eventKind,
    event_ref: of.eventRef,
    effective_at: of.effectiveAt.toISOString(),
    booked_at: of.bookedAt.toISOString(),
    business_date: of.businessDate,
    side: of.side,
    amount: of.amount,
    counter_account_id: publicId('acc', of.counterAccountId),
    reverses_transaction_id: of.reversesId === null ? null : publicId('txn', of.reversesId),
  };
}

/** GET /v1/reports/…: reconciliation and collections as JSON or CSV. An agency sees its own share. */
import { z } from 'zod';
import { Refusal } from '../domain/kernel/refusals.ts';
import { dayOf, daysBetween, type Clock, type Day } from '../domain/kernel/time.ts';
import { readCollections } from '../features/reports/collections-report.ts';
import {
  readReconciliation,
  readReconciliationItems,
  type ClassFigure,
  type ReconciliationDay,
  type ReconciliationItem,
  type ReportRange,
} from '../features/reports/reconciliation-report.ts';
import type { Database } from '../platform/database.ts';
import { csvOf, CSV_CONTENT_TYPE, type Cell } from '../web/spreadsheet.ts';
import { day, dayText } from './decoding.ts';
import { bookScopeOf } from './ledger-routes.ts';
import { defineRoute, type ApiRoute, type RouteInput, type TextAnswer } from './route.ts';

export interface ReportRouteDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly businessTimeZone: string;
}

const MAX_DAYS = 366;
const MAX_EXCEPTIONS = 1_000;
const MAX_CSV_ROWS = 100_000;

const rangeQuery = z.strictObject({
  from: day.optional().meta({ description: 'First day in Vietnam; today unless given.' }),
  to: day.optional().meta({ description: 'Last day, included; the first day unless given.' }),
  format: z.enum(['json', 'csv']).default('json'),
});
type RangeQuery = z.infer<typeof rangeQuery>;

const figure = z.strictObject({ count: z.int(), amount_here: z.int(), amount_at_bank: z.int() });
const reportDay = z.strictObject({
  gateway: z.string(),
  account: z.string(),
  day: dayText,
  kind: z.enum(['payment', 'refund']),
  currency: z.string(),
  statement_at: z.string().nullable().meta({ format: 'date-time' }),
  matched: figure,
  missing_at_us: figure,
  missing_at_bank: figure,
  amount_differs: figure,
  awaiting_statement: figure,
  entered_by_line: z.int(),
  fees: z.int(),
  bridge: z.strictObject({
    here: z.int(),
    missing_at_bank: z.int(),
    amount_differs: z.int(),
    missing_at_us: z.int(),
    at_bank: z.int(),
  }),
});
const exception = z.strictObject({
  gateway: z.string(),
  account: z.string(),
  day: dayText,
  kind: z.enum(['payment', 'refund']),
  class: z.enum(['missing_at_us', 'missing_at_bank', 'amount_differs']),
  detail: z.string().nullable(),
  reference: z.string().nullable(),
  gateway_transaction_id: z.string().nullable(),
  amount_here: z.int().nullable(),
  amount_at_bank: z.int().nullable(),
  file_name: z.string().nullable(),
  line: z.int().nullable(),
  resolved: z.boolean(),
});

export function reportRoutes(deps: ReportRouteDeps): ApiRoute[] {
  return [reconciliationRoute(deps), collectionsRoute(deps)];
}

function reconciliationRoute(deps: ReportRouteDeps): ApiRoute {
  return defineRoute({
    method: 'get',
    path: '/v1/reports/reconciliation',
    operationId: 'getReconciliation',
    summary: 'Per gateway account and day: what matches, what does not, and why the two sides differ',
    tag: 'Reports',
    scope: 'reports:read',
    idempotency: 'none',
    query: rangeQuery,
    answers: {
      200: {
        description: 'The report; with `format=csv` one row per line and payment.',
        textTypes: ['text/csv'],
        schema: z.strictObject({
          from: dayText,
          to: dayText,
          days: z.array(reportDay),
          exceptions: z.array(exception),
          exception_count: z.int(),
        }),
      },
    },
    async handle(input) {
      const range = rangeOf(deps, input);
      if (input.query.format === 'csv') {
        const items = await readReconciliationItems(deps.db, range, MAX_CSV_ROWS);
        return csvAnswer('reconciliation', range, ITEM_COLUMNS, items.map(itemCells));
      }
      const report = await readReconciliation(deps.db, range, MAX_EXCEPTIONS);
      return {
        status: 200,
        body: {
          from: range.from,
          to: range.to,
          days: report.days.map(dayJson),
          exceptions: report.exceptions.map(exceptionJson),
          exception_count: report.exceptionCount,
        },
      };
    },
  });
}

function collectionsRoute(deps: ReportRouteDeps): ApiRoute {
  const columns = [
    'day',
    'agency',
    'obligation_type',
    'gateway',
    'lines',
    'collected',
    'refunded',
    'currency',
  ] as const;
  return defineRoute({
    method: 'get',
    path: '/v1/reports/collections',
    operationId: 'getCollections',
    summary: 'What was collected, by day, agency, obligation type and gateway',
    tag: 'Reports',
    scope: 'reports:read',
    idempotency: 'none',
    query: rangeQuery,
    answers: {
      200: {
        description: 'The report.',
        textTypes: ['text/csv'],
        schema: z.strictObject({
          from: dayText,
          to: dayText,
          data: z.array(
            z.strictObject({
              day: dayText,
              agency: z.string(),
              obligation_type: z.string(),
              gateway: z.string(),
              lines: z.int(),
              collected: z.int(),
              refunded: z.int(),
              currency: z.string(),
            }),
          ),
        }),
      },
    },
    async handle(input) {
      const range = rangeOf(deps, input);
      const data = (await readCollections(deps.db, range)).map((row) => ({
        day: row.day,
        agency: row.agencyCode,
        obligation_type: row.obligationType,
        gateway: row.gateway,
        lines: row.lines,
        collected: row.collected,
        refunded: row.refunded,
        currency: row.currency,
      }));
      if (input.query.format === 'csv') {
        return csvAnswer(
          'collections',
          range,
          columns,
          data.map((row) => columns.map((column) => row[column])),
        );
      }
      return { status: 200, body: { from: range.from, to: range.to, data } };
    },
  });
}

function rangeOf(
  deps: ReportRouteDeps,
  { client, query }: RouteInput<unknown, RangeQuery, unknown>,
): ReportRange {
  const from: Day = query.from ?? dayOf(deps.clock.now(), deps.businessTimeZone);
  const to: Day = query.to ?? from;
  const days = daysBetween(from, to) + 1;
  if (days < 1 || days > MAX_DAYS) {
    const detail = days < 1 ? 'is before from' : `is more than ${String(MAX_DAYS)} days after from`;
    throw new Refusal('request.malformed', {}, { errors: [{ pointer: '/to', detail }] });
  }
  return { scope: bookScopeOf(client), from, to, businessTimeZone: deps.businessTimeZone };
}

function csvAnswer(
  name: string,
  { from, to }: ReportRange,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): TextAnswer {
  return {
    status: 200,
    text: csvOf(columns, rows),
    contentType: CSV_CONTENT_TYPE,
    headers: { 'Content-Disposition': `attachment; filename="${name}-${from}-${to}.csv"` },
  };
}

function dayJson(of: ReconciliationDay) {
  return {
    gateway: of.gateway,
    account: of.account,
    day: of.day,
    kind: of.kind,
    currency: of.fees.currency,
    statement_at: of.statementAt?.toISOString() ?? null,
    matched: figureJson(of.classes.matched),
    missing_at_us: figureJson(of.classes.missing_at_us),
    missing_at_bank: figureJson(of.classes.missing_at_bank),
    amount_differs: figureJson(of.classes.amount_differs),
    awaiting_statement: figureJson(of.classes.awaiting_statement),
    entered_by_line: of.enteredByLine,
    fees: of.fees.amountMinor,
    bridge: {
      here: of.bridge.ours.amountMinor,
      missing_at_bank: of.bridge.missingAtBank.amountMinor,
      amount_differs: of.bridge.amountDiffers.amountMinor,
      missing_at_us: of.bridge.missingAtUs.amountMinor,
      at_bank: of.bridge.theirs.amountMinor,
    },
  };
}

function figureJson({ count, ours, theirs }: ClassFigure) {
  return { count, amount_here: ours.amountMinor, amount_at_bank: theirs.amountMinor };
}

function exceptionJson(of: ReconciliationItem) {
  return {
    gateway: of.gateway,
    account: of.account,
    day: of.day,
    kind: of.kind,
    class: of.reportClass,
    detail: of.detail,
    reference: of.merchantReference,
    gateway_transaction_id: of.gatewayTransactionId,
    amount_here: of.ours?.amountMinor ?? null,
    amount_at_bank: of.theirs?.amountMinor ?? null,
    file_name: of.fileName,
    line: of.lineNumber,
    resolved: of.isResolved,
  };
}

const ITEM_COLUMNS = [
  'day',
  'gateway',
  'account',
  'kind',
  'class',
  'detail',
  'reference',
  'gateway_transaction_id',
  'amount_here',
  'amount_at_bank',
  'fee',
  'currency',
  'entered_by_line',
  'file_name',
  'line',
] as const;

function itemCells(of: ReconciliationItem): Cell[] {
  return [
    of.day,
    of.gateway,
    of.account,
    of.kind,
    of.reportClass,
    of.detail,
    of.merchantReference,
    of.gatewayTransactionId,
    of.ours?.amountMinor ?? null,
    of.theirs?.amountMinor ?? null,
    of.fee?.amountMinor ?? null,
    (of.ours ?? of.theirs)?.currency ?? null,
    of.enteredByLine,
    of.fileName,
    of.lineNumber,
  ];
}

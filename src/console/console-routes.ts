/** The finance console: a sign-in wall, and behind it the reconciliation page and that of the gateways. */
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import type { ApiClient } from '../domain/agencies/api-client.ts';
import { money, sum, type Currency } from '../domain/kernel/money.ts';
import { dayOf, daysBetween, parseDay, type Clock, type Day } from '../domain/kernel/time.ts';
import { readGatewayReports } from '../features/payments/gateway-report.ts';
import {
  readReconciliation,
  type ReconciliationDay,
  type ReconciliationItem,
  type ReconciliationReport,
} from '../features/reports/reconciliation-report.ts';
import type { Database } from '../platform/database.ts';
import { messagesFor, type Locale } from '../web/i18n.ts';
import { errorPage, type PageContext, type SiteFacts } from '../web/page.tsx';
import { localeOf, sendPage } from '../web/request-context.ts';
import { gatewaysPage } from './gateways-page.tsx';
import { reconciliationPage } from './reconciliation-page.tsx';
import type {
  GatewayReconciliation,
  ReconciliationException,
  ReconciliationView,
} from './reconciliation-view.ts';

export interface ConsoleDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly businessTimeZone: string;
  readonly site: SiteFacts;
  /** The living client behind an id and its secret, or null. */
  readonly verifyClient: (given: {
    readonly clientId: string;
    readonly clientSecret: string;
  }) => Promise<ApiClient | null>;
  /** Codes of the gateways that are enabled. */
  readonly gateways: readonly string[];
}

const PATH = '/console/reconciliation';
const GATEWAYS_PATH = '/console/gateways';
const MAX_DAYS = 366;
const MAX_EXCEPTIONS = 200;

/** Until staff have accounts of their own, an operator's API client signs in by HTTP Basic. */
export function consoleRoutes(deps: ConsoleDeps): Router {
  const router = express.Router();
  router.use('/console', signInWall(deps));
  router.get('/console', (_request, response) => response.redirect(303, PATH));
  router.get(PATH, (request, response) => showReconciliation(deps, request, response));
  router.get(GATEWAYS_PATH, (request, response) => showGateways(deps, request, response));
  return router;
}

function signInWall(deps: ConsoleDeps): RequestHandler {
  return async (request, response, next) => {
    const given = readBasic(request.headers.authorization);
    const client = given === null ? null : await deps.verifyClient(given);
    if (client?.kind === 'operator' && client.scopes.includes('reports:read')) {
      next();
      return;
    }
    response.set('WWW-Authenticate', 'Basic realm="console", charset="UTF-8"');
    sendPage(response, errorPage(contextOf(deps, request, response), { kind: 'sign_in' }), { status: 401 });
  };
}

function readBasic(
  header: string | undefined,
): { readonly clientId: string; readonly clientSecret: string } | null {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1 ? null : { clientId: text.slice(0, colon), clientSecret: text.slice(colon + 1) };
}

async function showReconciliation(deps: ConsoleDeps, request: Request, response: Response): Promise<void> {
  const { from, to } = rangeOf(deps, request);
  const context = contextOf(deps, request, response);
  const range = { scope: 'all' as const, from, to, businessTimeZone: deps.businessTimeZone };
  const report = await readReconciliation(deps.db, range, MAX_EXCEPTIONS);
  const view: ReconciliationView = {
    from,
    to,
    asOf: deps.clock.now(),
    currency: 'VND',
    gateways: gatewaysOf(report, 'VND', context.locale),
    exceptions: report.exceptions.flatMap((item) => exceptionOf(item, context.locale)),
    exceptionCount: report.exceptionCount,
    formHref: PATH,
    menu: menuOf(PATH, context),
  };
  sendPage(response, reconciliationPage(view, context));
}

async function showGateways(deps: ConsoleDeps, request: Request, response: Response): Promise<void> {
  const context = contextOf(deps, request, response);
  const asOf = deps.clock.now();
  const reports = await readGatewayReports(deps.db, deps.gateways, asOf);
  const gateways = reports.map((report) => ({
    ...report,
    name: gatewayName(report.gateway, context.locale),
  }));
  sendPage(response, gatewaysPage({ asOf, gateways, menu: menuOf(GATEWAYS_PATH, context) }, context));
}

function menuOf(path: string, { locale }: PageContext): ReconciliationView['menu'] {
  const texts = messagesFor(locale);
  return [
    { href: PATH, label: texts.reconciliation.menuLabel, isCurrent: path === PATH },
    { href: GATEWAYS_PATH, label: texts.gateways.menuLabel, isCurrent: path === GATEWAYS_PATH },
  ];
}

/** The days asked for; what cannot be read becomes today, for a form never shows a dead end. */
function rangeOf(deps: ConsoleDeps, request: Request): { readonly from: Day; readonly to: Day } {
  const today = dayOf(deps.clock.now(), deps.businessTimeZone);
  const from = dayIn(request.query['from']) ?? today;
  const to = dayIn(request.query['to']) ?? from;
  const days = daysBetween(from, to) + 1;
  return days < 1 || days > MAX_DAYS ? { from, to: from } : { from, to };
}

function dayIn(value: unknown): Day | null {
  return typeof value === 'string' ? parseDay(value) : null;
}

/** One row a gateway account; days that still wait for their statement stand in a row of their own. */
function gatewaysOf(
  report: ReconciliationReport,
  currency: Currency,
  locale: Locale,
): GatewayReconciliation[] {
  const groups = new Map<string, ReconciliationDay[]>();
  for (const day of report.days) {
    if (day.kind !== 'payment' || day.fees.currency !== currency) continue;
    const key = [day.gateway, day.account, day.statementAt === null].join('|');
    groups.set(key, [...(groups.get(key) ?? []), day]);
  }
  return [...groups.values()].flatMap((days) => gatewayOf(days, currency, locale));
}

function gatewayOf(
  days: readonly ReconciliationDay[],
  currency: Currency,
  locale: Locale,
): GatewayReconciliation[] {
  const [first] = days;
  if (!first) return [];
  const total = (
    name: keyof ReconciliationDay['classes'],
    side: 'ours' | 'theirs',
  ): GatewayReconciliation['recorded'] => ({
    count: days.reduce((running, { classes }) => running + classes[name].count, 0),
    sum: sum(
      days.map(({ classes }) => classes[name][side]),
      currency,
    ),
  });
  const own = [
    total('matched', 'ours'),
    total('missing_at_bank', 'ours'),
    total('amount_differs', 'ours'),
    total('awaiting_statement', 'ours'),
  ];
  const statements = days.flatMap(({ statementAt }) => (statementAt === null ? [] : [statementAt]));
  return [
    {
      name: nameOf(first, locale),
      statementAt: statements.sort((a, b) => b.getTime() - a.getTime())[0] ?? null,
      recorded: {
        count: own.reduce((running, { count }) => running + count, 0),
        sum: sum(
          own.map(({ sum: each }) => each),
          currency,
        ),
      },
      matched: total('matched', 'ours'),
      missingAtUs: total('missing_at_us', 'theirs'),
      missingAtBank: total('missing_at_bank', 'ours'),
      amountDiffers: {
        count: total('amount_differs', 'ours').count,
        ours: total('amount_differs', 'ours').sum,
        theirs: total('amount_differs', 'theirs').sum,
      },
    },
  ];
}

function exceptionOf(item: ReconciliationItem, locale: Locale): ReconciliationException[] {
  if (item.reportClass === 'matched' || item.reportClass === 'awaiting_statement') return [];
  const signed = (amount: ReconciliationItem['ours']) =>
    // Money that goes back is written as such, for the page has one column for both directions.
    amount && item.kind === 'refund' ? money(-amount.amountMinor, amount.currency) : amount;
  return [
    {
      kind: item.reportClass,
      day: item.day,
      gatewayName: nameOf(item, locale),
      merchantReference: item.merchantReference,
      gatewayTransactionId: item.gatewayTransactionId,
      ours: signed(item.ours),
      theirs: signed(item.theirs),
      isResolved: item.isResolved,
    },
  ];
}

/** What people know the gateway by, and whose account it is when it is not the platform's. */
function nameOf(of: { readonly gateway: string; readonly account: string }, locale: Locale): string {
  const name = gatewayName(of.gateway, locale);
  return of.account === 'platform' ? name : `${name} (${of.account})`;
}

function gatewayName(gateway: string, locale: Locale): string {
  const names: Readonly<Record<string, string>> = messagesFor(locale).gateway;
  return names[gateway] ?? gateway;
}

function contextOf(deps: ConsoleDeps, request: Request, response: Response): PageContext {
  return {
    site: deps.site,
    locale: localeOf(request, response),
    timeZone: deps.businessTimeZone,
    path: request.originalUrl,
  };
}

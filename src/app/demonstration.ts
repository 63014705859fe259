/** Seeds the demonstration: agencies, clients, inboxes and orders that wait; as often as one likes. */
import { timingSafeEqual } from 'node:crypto';
import { SCOPES, type Scope } from '../domain/agencies/api-client.ts';
import type { AgencyId } from '../domain/kernel/ids.ts';
import { Refusal } from '../domain/kernel/refusals.ts';
import { addDays, dayOf } from '../domain/kernel/time.ts';
import { addAgency } from '../features/agencies/add-agency.ts';
import { findClientForSignIn } from '../features/agencies/agency-store.ts';
import { addBeneficiaryRules, findAgencyKind } from '../features/agencies/demonstration-store.ts';
import { digestOfSecret, issueClient } from '../features/agencies/issue-client.ts';
import { seedReference } from '../features/agencies/seed-reference.ts';
import { extendBusinessDays } from '../features/ledger/business-day-store.ts';
import { createOrder, type CreateOrderDeps } from '../features/orders/create-order.ts';
import { AUTO_REFUND_RULE } from '../features/refunds/refund-surplus.ts';
import { addRule, findRule } from '../features/refunds/rule-store.ts';
import type { Config } from '../platform/config.ts';
import { inTransaction, type Database } from '../platform/database.ts';
import type { Service } from './compose.ts';
import {
  DEMONSTRATION_AGENCIES,
  demonstrationOrders,
  type DemonstrationAgency,
  type DemonstrationOrder,
} from './demonstration-agencies.ts';
import {
  demonstrationPath,
  readDemonstration,
  writeDemonstration,
  type Credentials,
  type Demonstration,
} from './demonstration-file.ts';
import { seedInbox, type InboxDeps } from './demonstration-inbox.ts';

export interface DemonstrationDeps extends InboxDeps {
  readonly orders: CreateOrderDeps;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly businessTimeZone: string;
  /** Where demo.json is kept. */
  readonly dataDir: string;
  /** Path of the console, once there is one. */
  readonly consolePath?: string;
}

const APPROVER_SCOPES: readonly Scope[] = ['refunds:approve', 'orders:read'];
const OPERATOR_SCOPES: readonly Scope[] = ['settlement:write', 'reports:read'];
/** Whoever asks for a refund must not be who approves it. */
const AGENCY_SCOPES = SCOPES.filter((scope) => scope !== 'refunds:approve' && scope !== 'settlement:write');
const AUTO_REFUND_DONG = 5_000_000;

/**
 * Makes what is missing and writes demo.json anew.
 *
 * Clients in demo.json that still work are kept; an order that waits is kept; one that was paid is opened again
 * where its obligation may be asked for again. Throws when an agency of a demonstration code is a real one.
 */
export async function seedDemonstration(deps: DemonstrationDeps): Promise<Demonstration> {
  const { db, publicUrl } = deps;
  const path = demonstrationPath(deps.dataDir);
  const before = readDemonstration(path);
  await refuseRealAgencies(db);
  await seedReference(deps);
  await seedRule(deps);
  const agencies: Demonstration['agencies'] = [];
  for (const wish of DEMONSTRATION_AGENCIES) {
    const { code, nameVi } = wish;
    const known = before?.agencies.find((agency) => agency.code === code);
    const agencyId = await seedAgency(deps, wish);
    const client = await workingClient(deps, known, { agencyCode: code, scopes: AGENCY_SCOPES });
    const approver = await workingClient(deps, known?.approver, {
      agencyCode: code,
      scopes: APPROVER_SCOPES,
    });
    const inboxUrl = `${publicUrl}/sandbox/agency/${code}/inbox`;
    await seedInbox(deps, { agencyId, agencyCode: code, clientId: client.client_id, url: inboxUrl });
    agencies.push({ code, name: nameVi, ...client, approver, webhook_inbox_url: inboxUrl });
  }
  const today = dayOf(deps.clock.now(), deps.businessTimeZone);
  await extendBusinessDays(db, addDays(today, -60), addDays(today, 400));
  const checkoutUrls: string[] = [];
  for (const order of demonstrationOrders(today)) {
    const client = agencies.find(({ code }) => code === order.agencyCode);
    if (client) checkoutUrls.push(await seedOrder(deps, order, client.client_id));
  }
  const operator = await workingClient(deps, before?.operator, { agencyCode: null, scopes: OPERATOR_SCOPES });
  const content: Demonstration = {
    base_url: publicUrl,
    agencies,
    operator,
    checkout_url: checkoutUrls[0] ?? `${publicUrl}/pay`,
    ...(deps.consolePath === undefined ? {} : { console_url: publicUrl + deps.consolePath }),
    docs_url: `${publicUrl}/docs`,
  };
  writeDemonstration(path, content);
  return content;
}

/** Doubled payments go back by themselves up to a sum that one person proposed and another approved. */
async function seedRule(deps: DemonstrationDeps): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    if (await findRule(tx, AUTO_REFUND_RULE)) return;
    await addRule(tx, {
      name: AUTO_REFUND_RULE,
      value: { amount: AUTO_REFUND_DONG },
      author: 'demonstration:author',
      approver: 'demonstration:approver',
      approvedAt: deps.clock.now(),
    });
  });
}

async function refuseRealAgencies(db: Database): Promise<void> {
  for (const { code } of DEMONSTRATION_AGENCIES) {
    const known = await findAgencyKind(db, code);
    if (known?.demonstration === false) {
      throw new Error(
        `Agency ${code} is here already and is none of the demonstration's: use an empty database.`,
      );
    }
  }
}

async function seedAgency(deps: DemonstrationDeps, wish: DemonstrationAgency): Promise<AgencyId> {
  const { beneficiaryRules, ...agency } = wish;
  const known = await findAgencyKind(deps.db, wish.code);
  const agencyId = known?.id ?? (await addAgency(deps, { ...agency, demonstration: true }));
  await addBeneficiaryRules(deps.db, agencyId, beneficiaryRules);
  return agencyId;
}

/** The client that was written down if its secret still opens it, else a new one. */
async function workingClient(
  deps: DemonstrationDeps,
  known: Credentials | undefined,
  wish: { readonly agencyCode: string | null; readonly scopes: readonly Scope[] },
): Promise<Credentials> {
  if (known && (await stillWorks(deps.db, known, wish.scopes))) {
    return { client_id: known.client_id, client_secret: known.client_secret };
  }
  const issued = await issueClient(deps, { ...wish, name: 'Demonstration' });
  return { client_id: issued.clientId, client_secret: issued.clientSecret };
}

async function stillWorks(db: Database, known: Credentials, scopes: readonly Scope[]): Promise<boolean> {
  const found = await findClientForSignIn(db, known.client_id);
  return (
    found !== null &&
    timingSafeEqual(found.secretHash, digestOfSecret(known.client_secret)) &&
    scopes.every((scope) => found.client.scopes.includes(scope))
  );
}

/** @returns where the order is paid: the one that waits, or the one that stands for its obligation */
async function seedOrder(
  deps: DemonstrationDeps,
  { request }: DemonstrationOrder,
  clientId: string,
): Promise<string> {
  const found = await findClientForSignIn(deps.db, clientId);
  if (!found) throw new Error('A client that was just issued is not there.');
  try {
    const opened = await createOrder(deps.orders, found.client, request, null);
    if (!opened) throw new Error('An order without an idempotency key was taken for a repetition.');
    return deps.orders.checkoutUrl(opened);
  } catch (error) {
    // Its obligation is asked for already, or was paid for good.
    const standing = error instanceof Refusal ? error.facts['checkout_url'] : null;
    if (typeof standing !== 'string') throw error;
    return standing;
  }
}

/** What {@link seedDemonstration} needs, taken from a composed service; null where there is no sandbox. */
export function demonstrationDeps(
  service: Pick<Service, 'clock' | 'newId' | 'box' | 'orders' | 'standIns'>,
  { config, db }: { readonly config: Config; readonly db: Database },
): DemonstrationDeps | null {
  const { standIns } = service;
  if (!standIns) return null;
  return {
    db,
    clock: service.clock,
    newId: service.newId,
    box: service.box,
    orders: service.orders,
    registerInbox: (code, secret) => standIns.inbox.registerInbox(code, secret),
    publicUrl: config.http.publicUrl,
    businessTimeZone: config.businessTimeZone,
    dataDir: config.dataDir,
    consolePath: '/console',
  };
}

/** What operators decide of gateways: planned maintenance, and how each agency takes money through one. */
import type { IdSource } from '../../domain/kernel/ids.ts';
import { Refusal } from '../../domain/kernel/refusals.ts';
import type { Clock } from '../../domain/kernel/time.ts';
import { UNCHANGED, type AgencyGateway } from '../../domain/payments/gateway-offer.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import { findAgencyByCode } from '../agencies/agency-store.ts';
import { writeAudit } from '../staff/audit-log.ts';
import {
  deleteMaintenance,
  insertMaintenance,
  readAgencyGateways,
  saveAgencyGateway,
  type KeptWindow,
} from './gateway-settings-store.ts';

export interface ManageGatewaysDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
  /** Codes of the gateways that are enabled here. */
  readonly gateways: readonly string[];
  readonly actor: string;
}

const LONGEST_WINDOW_DAYS = 31;
const LONGEST_NOTE = 200;

/** Refuses: gateway.settings-not-usable. @returns the window's id */
export async function addMaintenance(
  deps: ManageGatewaysDeps,
  window: Omit<KeptWindow, 'id'>,
): Promise<string> {
  const { gateway, startsAt, endsAt, note } = window;
  refuseUnknown(deps, gateway);
  if (!(endsAt > startsAt)) throw notUsable('The window must end after it begins.');
  if (endsAt <= deps.clock.now()) throw notUsable('The window has ended already.');
  if (endsAt.getTime() - startsAt.getTime() > LONGEST_WINDOW_DAYS * 86_400_000) {
    throw notUsable(`A window lasts ${String(LONGEST_WINDOW_DAYS)} days at most; is the year right?`);
  }
  if (note && [note.vi, note.en].some((text) => text.trim() === '' || text.length > LONGEST_NOTE)) {
    throw notUsable(`A note has 1 to ${String(LONGEST_NOTE)} characters, in both languages.`);
  }
  const id = deps.newId();
  await inTransaction(deps.db, async (tx) => {
    await insertMaintenance(tx, { ...window, id });
    await writeAudit(tx, {
      id: deps.newId(),
      actor: deps.actor,
      action: 'gateway.maintenance-planned',
      agencyId: null,
      subject: gateway,
      detail: { window: id, starts_at: startsAt.toISOString(), ends_at: endsAt.toISOString() },
    });
  });
  return id;
}

/** Refuses: gateway.settings-not-usable. */
export async function removeMaintenance(deps: ManageGatewaysDeps, id: string): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
    const gateway = isId ? await deleteMaintenance(tx, id) : null;
    if (gateway === null) throw notUsable(`There is no maintenance window ${id}.`);
    await writeAudit(tx, {
      id: deps.newId(),
      actor: deps.actor,
      action: 'gateway.maintenance-removed',
      agencyId: null,
      subject: gateway,
      detail: { window: id },
    });
  });
}

/** Changes what is named and leaves the rest. Refuses: agency.not-found, gateway.settings-not-usable. */
export async function changeAgencyGateway(
  deps: ManageGatewaysDeps,
  key: { readonly agencyCode: string; readonly gateway: string },
  changes: Partial<AgencyGateway>,
): Promise<AgencyGateway> {
  const { gateway, agencyCode } = key;
  refuseUnknown(deps, gateway);
  return await inTransaction(deps.db, async (tx) => {
    const agency = await findAgencyByCode(tx, agencyCode);
    if (!agency || (agency.id as number) === 0) {
      throw new Refusal('agency.not-found', {}, { detail: `There is no agency ${agencyCode}.` });
    }
    const before = (await readAgencyGateways(tx, agency.id)).get(gateway) ?? UNCHANGED;
    const settings = { ...before, ...changes };
    const { amountMin, amountMax } = settings;
    if ([amountMin, amountMax].some((amount) => amount !== null && amount <= 0n)) {
      throw notUsable('A limit is a whole number of dong above 0.');
    }
    if (amountMin !== null && amountMax !== null && amountMin > amountMax) {
      throw notUsable('The least amount is above the most: nothing could be paid.');
    }
    await saveAgencyGateway(tx, { agencyId: agency.id, gateway }, settings);
    await writeAudit(tx, {
      id: deps.newId(),
      actor: deps.actor,
      action: 'agency-gateway.changed',
      agencyId: agency.id,
      subject: gateway,
      detail: {
        offered: settings.offered,
        account: settings.account,
        amount_min: amountMin?.toString() ?? null,
        amount_max: amountMax?.toString() ?? null,
      },
    });
    return settings;
  });
}

function refuseUnknown({ gateways }: ManageGatewaysDeps, gateway: string): void {
  if (gateways.includes(gateway)) return;
  throw notUsable(`No gateway "${gateway}" is enabled here; there is ${gateways.join(', ') || 'none'}.`);
}

function notUsable(sentence: string): Refusal {
  return new Refusal('gateway.settings-not-usable', {}, { detail: `${sentence} Nothing was changed.` });
}

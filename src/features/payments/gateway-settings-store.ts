/** SQL of what people decide about gateways: planned maintenance, and how each agency takes money. */
import type { AgencyId } from '../../domain/kernel/ids.ts';
import type { AgencyGateway, MaintenanceWindow } from '../../domain/payments/gateway-offer.ts';
import { query, type Reader } from '../../platform/database.ts';

export interface KeptWindow extends MaintenanceWindow {
  readonly id: string;
}

/** Windows that have not ended, the next first. */
export async function readMaintenance(reader: Reader, now: Date): Promise<KeptWindow[]> {
  const rows = await query<{
    id: string;
    gateway: string;
    starts_at: Date;
    ends_at: Date;
    note_vi: string | null;
    note_en: string | null;
  }>(
    reader,
    `select id, gateway, starts_at, ends_at, note_vi, note_en from gateway_maintenance
     where ends_at > :now order by starts_at, id limit 500`,
    { now },
  );
  return rows.map((row) => ({
    id: row.id,
    gateway: row.gateway,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    note: row.note_vi === null || row.note_en === null ? null : { vi: row.note_vi, en: row.note_en },
  }));
}

export async function insertMaintenance(writer: Reader, window: KeptWindow): Promise<void> {
  await query(
    writer,
    `insert into gateway_maintenance (id, gateway, starts_at, ends_at, note_vi, note_en)
     values (:id, :gateway, :startsAt, :endsAt, :noteVi, :noteEn)`,
    {
      id: window.id,
      gateway: window.gateway,
      startsAt: window.startsAt,
      endsAt: window.endsAt,
      noteVi: window.note?.vi ?? null,
      noteEn: window.note?.en ?? null,
    },
  );
}

/** @returns the window's gateway, or null when there is no such window */
export async function deleteMaintenance(writer: Reader, id: string): Promise<string | null> {
  const [row] = await query<{ gateway: string }>(
    writer,
    'delete from gateway_maintenance where id = :id returning gateway',
    { id },
  );
  return row?.gateway ?? null;
}

/** What an agency changed, by gateway. */
export async function readAgencyGateways(
  reader: Reader,
  agencyId: AgencyId,
): Promise<ReadonlyMap<string, AgencyGateway>> {
  const rows = await query<{
    gateway: string;
    offered: boolean;
    account: AgencyGateway['account'];
    amount_min: bigint | null;
    amount_max: bigint | null;
  }>(
    reader,
    `select gateway, offered, account, amount_min, amount_max from agency_gateways where agency_id = :agencyId`,
    { agencyId },
  );
  return new Map(
    rows.map(({ gateway, offered, account, amount_min: amountMin, amount_max: amountMax }) => [
      gateway,
      { offered, account, amountMin, amountMax },
    ]),
  );
}

export async function saveAgencyGateway(
  writer: Reader,
  key: { readonly agencyId: AgencyId; readonly gateway: string },
  settings: AgencyGateway,
): Promise<void> {
  await query(
    writer,
    `insert into agency_gateways (agency_id, gateway, offered, account, amount_min, amount_max)
     values (:agencyId, :gateway, :offered, :account, :amountMin, :amountMax)
     on conflict (agency_id, gateway) do update set offered = excluded.offered, account = excluded.account,
       amount_min = excluded.amount_min, amount_max = excluded.amount_max`,
    {
      ...key,
      offered: settings.offered,
      account: settings.account,
      amountMin: settings.amountMin?.toString() ?? null,
      amountMax: settings.amountMax?.toString() ?? null,
    },
  );
}

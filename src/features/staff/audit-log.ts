/** SQL of the audit log: who did what to which record and why. Rows are only ever added. */
import type { AgencyId } from '../../domain/kernel/ids.ts';
import { query, type Tx } from '../../platform/database.ts';

export interface AuditEntry {
  readonly id: string;
  /** `client:…`, `staff:…`, `rule:…`, `gateway:…`. */
  readonly actor: string;
  /** Record and deed, past tense: `refund.approved`. */
  readonly action: string;
  readonly agencyId: AgencyId | null;
  /** The record's public id. */
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Adds an entry beside the fact it tells of. */
export async function writeAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await query(
    tx,
    `insert into audit_log (id, actor, action, agency_id, subject, detail)
     values (:id, :actor, :action, :agencyId, :subject, :detail::jsonb)`,
    { ...entry, detail: JSON.stringify(entry.detail) },
  );
}

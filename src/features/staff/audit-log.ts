/** SQL of the audit log: who did what to which record and why. Rows are only ever added. */
import type { AgencyId } from '../../domain/kernel/ids.ts';
import { query, type Reader } from '../../platform/database.ts';

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

/** Adds an entry: in the transaction of the fact it tells of, or by itself where nothing was changed. */
export async function writeAudit(writer: Reader, entry: AuditEntry): Promise<void> {
  await query(
    writer,
    `insert into audit_log (id, actor, action, agency_id, subject, detail)
     values (:id, :actor, :action, :agencyId, :subject, :detail::jsonb)`,
    { ...entry, detail: JSON.stringify(entry.detail) },
  );
}

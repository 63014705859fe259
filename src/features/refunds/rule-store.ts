/** SQL of rules: what a person approved beforehand, under a name, in versions. */
import { query, type Reader, type Tx } from '../../platform/database.ts';

export interface ApprovedRule {
  readonly name: string;
  readonly version: number;
  readonly value: unknown;
  readonly author: string;
  /** Another person than the author; a key of the table says so too. */
  readonly approver: string;
  readonly approvedAt: Date;
}

/** The newest version of a rule, or null when there is none. */
export async function findRule(reader: Reader, name: string): Promise<ApprovedRule | null> {
  const [row] = await query<Omit<ApprovedRule, 'approvedAt'> & { approved_at: Date }>(
    reader,
    `select name, version, value, author, approver, approved_at from rules where name = :name
     order by version desc limit 1`,
    { name },
  );
  if (!row) return null;
  const { approved_at: approvedAt, ...rule } = row;
  return { ...rule, approvedAt };
}

/** Adds the next version of a rule. */
export async function addRule(tx: Tx, rule: Omit<ApprovedRule, 'version'>): Promise<void> {
  await query(
    tx,
    `insert into rules (name, version, value, author, approver, approved_at)
     select :name::text, coalesce(max(version), 0) + 1, :value::jsonb, :author::text, :approver::text,
       :approvedAt::timestamptz
     from rules where name = :name::text`,
    { ...rule, value: JSON.stringify(rule.value) },
  );
}

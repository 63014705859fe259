/** SQL that writes what can be owed and what it costs: the rows a new installation begins with. */
import { query, type Tx } from '../../platform/database.ts';

/** A row of obligation_types, fields as in the table. */
export interface ReferenceType {
  readonly code: string;
  readonly label_vi: string;
  readonly label_en: string;
  readonly attributes_schema: Readonly<Record<string, unknown>>;
  readonly priced_by: 'fee_schedule' | 'agency' | 'rule';
  readonly default_beneficiary_kind: 'treasury' | 'fee_account' | 'fund';
  readonly late_rate_per_day_ppm: number | null;
  readonly partial_payment: 'none' | 'by_instalment_decision' | 'by_line';
  readonly stays_after_payment: boolean;
  readonly receipt_form: string;
  readonly refund_route: 'gateway' | 'agency_decision' | 'treasury_order';
  readonly default_budget_chapter: string | null;
  readonly default_budget_sub_item: string | null;
  readonly legal_basis: string;
  readonly demonstration: boolean;
}

/** A row of fee_items, fields as in the table. */
export interface ReferenceFee {
  readonly fee_code: string;
  readonly version: number;
  readonly obligation_type: string;
  readonly procedure_code: string;
  readonly label_vi: string;
  readonly label_en: string;
  /** Dong. */
  readonly unit_amount: number;
  readonly valid_from: string;
  /** The first day on which it no longer holds. */
  readonly valid_to: string | null;
  readonly legal_basis: string;
  readonly budget_chapter: string | null;
  readonly budget_sub_item: string | null;
  readonly demonstration: boolean;
}

const TYPE_COLUMNS = `code, label_vi, label_en, attributes_schema, priced_by, default_beneficiary_kind,
  late_rate_per_day_ppm, partial_payment, stays_after_payment, receipt_form, refund_route, default_budget_chapter,
  default_budget_sub_item, legal_basis, demonstration`;

/** Adds the types that are missing and brings the others to this wording and these rules. */
export async function upsertObligationTypes(tx: Tx, types: readonly ReferenceType[]): Promise<void> {
  await query(
    tx,
    `insert into obligation_types as kept (${TYPE_COLUMNS})
     select ${TYPE_COLUMNS} from jsonb_populate_recordset(null::obligation_types, :types::jsonb)
     on conflict (code) do update set
       (${TYPE_COLUMNS}) = (select ${excluded(TYPE_COLUMNS)})
     where kept is distinct from excluded`,
    { types: JSON.stringify(types) },
  );
}

const FEE_COLUMNS = `fee_code, version, obligation_type, procedure_code, label_vi, label_en, unit_amount, valid_from,
  valid_to, legal_basis, budget_chapter, budget_sub_item, demonstration`;

/** Adds the fees of which no version is known. A price that is known stays: its next one is the operator's version. */
export async function insertMissingFees(tx: Tx, fees: readonly ReferenceFee[]): Promise<void> {
  await query(
    tx,
    `insert into fee_items (${FEE_COLUMNS})
     select ${FEE_COLUMNS} from jsonb_populate_recordset(null::fee_items, :fees::jsonb) fee
      where not exists (select 1 from fee_items known where known.fee_code = fee.fee_code)
      order by fee.fee_code, fee.version
     on conflict (fee_code, version) do nothing`,
    { fees: JSON.stringify(fees) },
  );
}

function excluded(columns: string): string {
  return columns.replaceAll(/\w+/g, 'excluded.$&');
}

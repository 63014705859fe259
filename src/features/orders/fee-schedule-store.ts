/** SQL of what can be owed and what it costs: fee versions by day, obligation types, beneficiary rules. */
import type { AgencyId } from '../../domain/kernel/ids.ts';
import { money, type Currency } from '../../domain/kernel/money.ts';
import type { Day } from '../../domain/kernel/time.ts';
import type { FeeItem, ObligationType } from '../../domain/orders/obligation-type.ts';
import { query, type Reader } from '../../platform/database.ts';

interface FeeRow {
  fee_code: string;
  version: number;
  obligation_type: string;
  procedure_code: string;
  label_vi: string;
  label_en: string;
  unit_amount: bigint;
  currency: Currency;
  valid_from: Day;
  valid_to: Day | null;
  legal_basis: string;
  budget_chapter: string | null;
  budget_sub_item: string | null;
  demonstration: boolean;
}

const FEE = `fee_code, version, obligation_type, procedure_code, label_vi, label_en, unit_amount, currency,
  valid_from, valid_to, legal_basis, budget_chapter, budget_sub_item, demonstration`;
const HOLDS = 'valid_from <= :on::date and (valid_to is null or valid_to > :on::date)';

/** The fees of one administrative procedure valid on a day, by code; at most 500. */
export async function findFeesOfProcedure(
  reader: Reader,
  asked: { procedureCode: string; on: Day },
): Promise<FeeItem[]> {
  const rows = await query<FeeRow>(
    reader,
    `select ${FEE} from fee_items
      where procedure_code = :procedureCode and ${HOLDS} order by fee_code limit 500`,
    asked,
  );
  return rows.map(feeOf);
}

/** The versions of these fees that hold on a day; a code without one is left out. */
export async function findFees(
  reader: Reader,
  asked: { feeCodes: readonly string[]; on: Day },
): Promise<FeeItem[]> {
  const rows = await query<FeeRow>(
    reader,
    `select ${FEE} from fee_items where fee_code = any(:feeCodes::text[]) and ${HOLDS} order by fee_code`,
    asked,
  );
  return rows.map(feeOf);
}

/** The registry of obligation types: a dozen rows. */
export async function findObligationTypes(reader: Reader): Promise<ObligationType[]> {
  return query<ObligationType>(
    reader,
    `select code, label_vi as "labelVi", label_en as "labelEn", attributes_schema as "attributesSchema",
            priced_by as "pricedBy", default_beneficiary_kind as "defaultBeneficiaryKind",
            late_rate_per_day_ppm as "lateRatePerDayPpm", partial_payment as "partialPayment",
            stays_after_payment as "staysAfterPayment", receipt_form as "receiptForm",
            refund_route as "refundRoute", default_budget_chapter as "defaultBudgetChapter",
            default_budget_sub_item as "defaultBudgetSubItem", legal_basis as "legalBasis", demonstration
       from obligation_types order by code limit 1000`,
  );
}

/** Which of an agency's accounts a type goes to, where it is not its only one of the type's kind. */
export async function findBeneficiaryRules(
  reader: Reader,
  agencyId: AgencyId,
): Promise<ReadonlyMap<string, string>> {
  const rows = await query<{ type: string; code: string }>(
    reader,
    `select obligation_type as type, beneficiary_code as code
       from beneficiary_rules where agency_id = :agencyId limit 1000`,
    { agencyId },
  );
  return new Map(rows.map((row) => [row.type, row.code]));
}

function feeOf(row: FeeRow): FeeItem {
  return {
    feeCode: row.fee_code,
    version: row.version,
    obligationType: row.obligation_type,
    procedureCode: row.procedure_code,
    labelVi: row.label_vi,
    labelEn: row.label_en,
    unitAmount: money(row.unit_amount, row.currency),
    validFrom: row.valid_from,
    validTo: row.valid_to,
    legalBasis: row.legal_basis,
    budgetChapter: row.budget_chapter,
    budgetSubItem: row.budget_sub_item,
    demonstration: row.demonstration,
  };
}

/** GET /v1/fees: what a procedure costs on a day. */
import { z } from 'zod';
import { dayOf, type Clock } from '../domain/kernel/time.ts';
import type { FeeItem } from '../domain/orders/obligation-type.ts';
import { findFeesOfProcedure } from '../features/orders/fee-schedule-store.ts';
import type { Database } from '../platform/database.ts';
import { day, dayText, lineOfText } from './decoding.ts';
import { defineRoute, type ApiRoute } from './route.ts';

export interface FeeRouteDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly businessTimeZone: string;
}

const fee = z.strictObject({
  fee_code: z.string(),
  version: z.int().min(1),
  obligation_type: z.string(),
  procedure_code: z.string(),
  label: z.strictObject({ vi: z.string(), en: z.string() }),
  unit_amount: z.int().min(1),
  currency: z.string(),
  valid_from: dayText,
  valid_to: dayText.nullable().meta({ description: 'The first day on which it no longer holds.' }),
  legal_basis: z.string(),
  budget_chapter: z.string().nullable(),
  budget_sub_item: z.string().nullable(),
  demonstration: z.boolean().meta({ description: 'True for figures that are no official fees.' }),
});

export function feeRoutes(deps: FeeRouteDeps): ApiRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/fees',
      operationId: 'listFees',
      summary: 'The fees of a procedure valid on a day',
      tag: 'Fees',
      scope: 'orders:read',
      idempotency: 'none',
      query: z.strictObject({
        procedure_code: lineOfText(50).meta({ examples: ['2.000815'] }),
        on: day.optional().meta({ format: 'date', description: 'Today in Vietnam unless given.' }),
      }),
      answers: {
        200: { description: 'The fees.', schema: z.strictObject({ on: dayText, data: z.array(fee) }) },
      },
      async handle({ query }) {
        const on = query.on ?? dayOf(deps.clock.now(), deps.businessTimeZone);
        const fees = await findFeesOfProcedure(deps.db, { procedureCode: query.procedure_code, on });
        return { status: 200, body: { on, data: fees.map(feeJson) } };
      },
    }),
  ];
}

function feeJson(item: FeeItem) {
  return {
    fee_code: item.feeCode,
    version: item.version,
    obligation_type: item.obligationType,
    procedure_code: item.procedureCode,
    label: { vi: item.labelVi, en: item.labelEn },
    unit_amount: item.unitAmount.amountMinor,
    currency: item.unitAmount.currency,
    valid_from: item.validFrom,
    valid_to: item.validTo,
    legal_basis: item.legalBasis,
    budget_chapter: item.budgetChapter,
    budget_sub_item: item.budgetSubItem,
    demonstration: item.demonstration,
  };
}

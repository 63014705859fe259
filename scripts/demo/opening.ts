/** Told first: an agency opens a payment order for a dossier. */
import { randomInt } from 'node:crypto';
import { addDays, dayOf, DEFAULT_BUSINESS_TIME_ZONE } from '../../src/domain/kernel/time.ts';
import type { z } from 'zod';
import type { Cast } from './main-job.ts';
import { dong, expect, tell } from './narration.ts';
import { order } from './shapes.ts';

export interface OpenedOrder {
  readonly order: z.output<typeof order>;
  /** What was asked, to be asked again. */
  readonly request: { readonly lines: readonly object[] } & Readonly<Record<string, unknown>>;
  readonly penalty: object;
}

const DAYS_LATE = 12;
const PENALTY = 500_000;
/** 0.05 % of 500,000 a day, for twelve days. */
const INTEREST = 3_000;

export async function tellOfOpening({ client }: Cast): Promise<OpenedOrder> {
  const today = dayOf(new Date(), DEFAULT_BUSINESS_TIME_ZONE);
  const fresh = randomInt(0, 1_000_000).toString().padStart(6, '0');
  const dossier = `000.00.00.H29-${today.slice(2).replaceAll('-', '')}-${fresh}`;
  const payBy = addDays(today, -DAYS_LATE - 1);
  const penalty = {
    obligation_type: 'penalty',
    description: 'Phạt vi phạm hành chính giao thông đường bộ',
    amount: PENALTY,
    decision: {
      number: `${fresh}-${randomInt(0, 1_000_000)}/QĐ-XPHC`,
      issued_on: addDays(payBy, -11),
      delivered_on: addDays(payBy, -10),
    },
    pay_by: payBy,
  };
  const request = {
    dossier_code: dossier,
    procedure_code: '2.000815',
    payer: { name: 'Nguyễn Văn Minh', identity_number: '001099012345', email: 'minh@example.vn' },
    lines: [
      { obligation_type: 'fee', fee_code: 'DOCUMENT-VERIFICATION' },
      { obligation_type: 'fee', fee_code: 'CERTIFIED-COPY', quantity: 2 },
      penalty,
    ],
  };
  const opened = await client.post('/v1/payment-orders', request, order);
  const interest = opened.lines.find(({ obligation_type: type }) => type === 'late_interest');
  expect(
    opened.status === 'open' && interest?.amount === INTEREST && interest.calculation?.days === DAYS_LATE,
    `an open order with ${dong(INTEREST)} of interest for ${DAYS_LATE} days`,
    JSON.stringify(opened),
  );
  const parts = opened.lines.map((line) => `${line.obligation_type} ${dong(line.amount)}`).join(', ');
  tell(`It opens ${opened.id} for dossier ${dossier}: ${dong(opened.amount)} (${parts}).`);
  return { order: opened, request, penalty };
}

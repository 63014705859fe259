/** docs/gateways.md repeats what the adapters say of their gateways, and the tables of codes. */
import type { Money } from '../../src/domain/kernel/money.ts';
import { RESULT_CODES } from '../../src/gateways/momo/result-codes.ts';
import { STATUSES as KEYPAY_STATUSES } from '../../src/gateways/keypay/messages.ts';
import { FAILURES as ONEPAY_FAILURES } from '../../src/gateways/onepay/codes.ts';
import { RESPONSE_CODES as SANDBOX_CODES } from '../../src/gateways/sandbox/messages.ts';
import { EVENTS } from '../../src/gateways/stripe/messages.ts';
import * as zalopay from '../../src/gateways/zalopay/return-codes.ts';
import * as vnpay from '../../src/gateways/vnpay/codes.ts';
import type { ContractSubject } from './contract.ts';
import { documents, markdownTable } from '../support/documented.ts';
import { SUBJECTS } from './subjects.ts';

describe('the documentation of gateways', () => {
  it('repeats their facts and their codes as they are', () => {
    documents({
      facts: markdownTable([
        ['gateway', "the payer's time", 'a payment', 'asked about', 'refunds', 'a refund', 'daily file'],
        ...SUBJECTS.map(factsOf),
      ]),
      'codes-sandbox': codes(
        ['code', 'means', 'in words'],
        Object.entries(SANDBOX_CODES).map(([code, { meaning, what }]) => [code, meaning, what]),
      ),
      'codes-vnpay-states': codes(
        ['`vnp_TransactionStatus`', 'in words'],
        Object.entries(vnpay.TRANSACTION_STATES),
      ),
      'codes-vnpay-failures': codes(['`vnp_ResponseCode`', 'to the payer'], Object.entries(vnpay.FAILURES)),
      'codes-vnpay-queries': codes(['`vnp_ResponseCode`', 'in words'], Object.entries(vnpay.REFUSED_QUERIES)),
      'codes-vnpay-refunds': codes(['`vnp_ResponseCode`', 'in words'], Object.entries(vnpay.REFUSED_REFUNDS)),
      'codes-momo': codes(
        ['`resultCode`', 'for a payment', 'for a refund', 'in words'],
        Object.entries(RESULT_CODES).map(([code, { payment, refund, what }]) => [
          code,
          payment,
          refund,
          what,
        ]),
      ),
      'codes-zalopay-orders': zaloPayCodes(zalopay.ORDER_CODES),
      'codes-zalopay-refunds': zaloPayCodes(zalopay.REFUND_CODES),
      'codes-zalopay-refund-queries': zaloPayCodes(zalopay.REFUND_QUERY_CODES),
      'codes-onepay-domestic': codes(
        ['`vpc_TxnResponseCode`', 'to the payer'],
        Object.entries(ONEPAY_FAILURES.domestic),
      ),
      'codes-onepay-international': codes(
        ['`vpc_TxnResponseCode`', 'to the payer'],
        Object.entries(ONEPAY_FAILURES.international),
      ),
      'codes-keypay': codes(['`status`', 'means'], Object.entries(KEYPAY_STATUSES)),
      'codes-stripe': codes(
        ['event', 'about', 'means at most'],
        Object.entries(EVENTS).map(([type, { subject, tells }]) => [type, subject, tells]),
      ),
    });
  });
});

function zaloPayCodes(table: zalopay.CodeTable): string {
  return codes(
    ['code', 'means', 'in words'],
    Object.entries(table).map(([code, { meaning, what }]) => [code, meaning, what]),
  );
}

function codes(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable([head, ...rows]);
}

function factsOf(subject: ContractSubject): string[] {
  const nothing = () => Promise.reject(new Error('no HTTP in this test'));
  const { profile, queries, refunds, settlementFiles } = subject.create(nothing, new Date(0));
  const limits = refunds?.limits;
  return [
    subject.name,
    `${String(profile.paymentLifetimeMinutes)} min`,
    `${dong(profile.amountMin)}–${dong(profile.amountMax)}`,
    queries ? 'yes' : 'no',
    limits
      ? limits.partial
        ? 'whole or in parts'
        : 'whole'
      : profile.payouts === true
        ? 'transferred by a person'
        : 'no',
    limits ? refundOf(limits) : '–',
    settlementFiles ? 'yes' : '–',
  ];
}

function refundOf(limits: {
  readonly windowDays: number | null;
  readonly amountMin: Money | null;
  readonly amountMax: Money | null;
}): string {
  const time =
    limits.windowDays === null ? 'no limit of time named' : `within ${String(limits.windowDays)} days`;
  const { amountMin, amountMax } = limits;
  return amountMin || amountMax
    ? `${time}; ${amountMin ? dong(amountMin) : 'any'}–${amountMax ? dong(amountMax) : 'the rest'}`
    : time;
}

function dong({ amountMinor }: Money): string {
  return `${amountMinor.toString().replaceAll(/\B(?=(\d{3})+$)/g, ',')} ₫`;
}

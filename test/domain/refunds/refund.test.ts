/** The rules of refunds: what may be asked, who may decide, what a gateway's word means in every state. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { money, vnd } from '../../../src/domain/kernel/money.ts';
import { Refusal } from '../../../src/domain/kernel/refusals.ts';
import type { RefundOutcome } from '../../../src/domain/payments/gateway-outcome.ts';
import {
  availableOn,
  decideRefundOutcome,
  minutesUntilNextQuestion,
  orderStatusAfterRefunds,
  planRefundLines,
  type RefundLine,
} from '../../../src/domain/refunds/refund.ts';
import { REFUND_STATES, type RefundState } from '../../../src/domain/refunds/refund-lifecycle.ts';

const line = (lineNo: number, amount: bigint, refunded: bigint) => ({
  lineNo,
  amount: vnd(amount),
  refunded: vnd(refunded),
});

describe('the lines a refund takes from', () => {
  it('sum to the amount and never take more than a line has left, whatever is asked', () => {
    const lines = fc.array(
      fc
        .tuple(fc.bigInt(1n, 10n ** 13n), fc.bigInt(0n, 100n))
        .map(([amount, percent]) => [amount, (amount * percent) / 100n] as const),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(lines, fc.bigInt(1n, 1_000_000n), (given, part) => {
        const frozen = given.map(([amount, refunded], index) => line(index + 1, amount, refunded));
        const available = availableOn(frozen);
        const amount = (available * part) / 1_000_000n;
        fc.pre(amount > 0n);
        const taken = planRefundLines(frozen, vnd(amount), null);
        assert.equal(
          taken.reduce((total, { amount: share }) => total + share.amountMinor, 0n),
          amount,
        );
        for (const { lineNo, amount: share } of taken) {
          const of = frozen[lineNo - 1]!;
          assert.ok(share.amountMinor > 0n);
          assert.ok(share.amountMinor <= of.amount.amountMinor - of.refunded.amountMinor);
        }
      }),
    );
  });

  it('empty the order when all is asked', () => {
    const frozen = [line(1, 300n, 100n), line(2, 7n, 7n), line(3, 500n, 0n)];
    assert.deepEqual(planRefundLines(frozen, vnd(700n), null), [
      { lineNo: 1, amount: vnd(200n) },
      { lineNo: 3, amount: vnd(500n) },
    ]);
  });

  it('point to what cannot be: the whole, a line, or their sum', () => {
    const frozen = [line(1, 100n, 40n), line(2, 100n, 0n)];
    const pointers = (amount: bigint, given: readonly RefundLine[] | null): readonly unknown[] => {
      try {
        planRefundLines(frozen, vnd(amount), given);
      } catch (error) {
        if (error instanceof Refusal) return error.options.errors?.map(({ pointer }) => pointer) ?? [];
      }
      return ['taken'];
    };
    assert.deepEqual(pointers(160n, null), ['taken']);
    assert.deepEqual(pointers(161n, null), ['/amount']);
    assert.deepEqual(pointers(61n, [{ lineNo: 1, amount: vnd(61n) }]), ['/lines/0/amount']);
    assert.deepEqual(pointers(60n, [{ lineNo: 1, amount: vnd(59n) }]), ['/lines']);
    assert.deepEqual(pointers(60n, [{ lineNo: 3, amount: vnd(60n) }]), ['/lines/0/line']);
  });

  it('are refused when one is named twice', () => {
    const twice = [
      { lineNo: 1, amount: vnd(60n) },
      { lineNo: 1, amount: vnd(60n) },
    ];
    assert.throws(() => planRefundLines([line(1, 100n, 0n), line(2, 100n, 0n)], vnd(120n), twice), {
      code: 'refund.lines-do-not-sum',
    });
  });
});

describe('a gateway’s word on a refund', () => {
  const WORDS: Readonly<Record<string, RefundOutcome>> = {
    same: { kind: 'succeeded', gatewayRefundId: 'G1', refundedAt: new Date(0) },
    other: { kind: 'succeeded', gatewayRefundId: 'G2', refundedAt: new Date(0) },
    failed: { kind: 'failed', gatewayCode: '99' },
    pending: { kind: 'pending', gatewayCode: '05' },
    not_known: { kind: 'not_known' },
  };
  // prettier-ignore
  const TABLE: Readonly<Record<RefundState, Readonly<Record<keyof typeof WORDS, string>>>> = {
    requested: { same: 'conflict',    other: 'conflict', failed: 'nothing_new', pending: 'nothing_new', not_known: 'nothing_new' },
    approved:  { same: 'succeed',     other: 'succeed',  failed: 'fail',        pending: 'wait',        not_known: 'wait' },
    submitted: { same: 'succeed',     other: 'succeed',  failed: 'fail',        pending: 'wait',        not_known: 'wait' },
    succeeded: { same: 'nothing_new', other: 'conflict', failed: 'reverse',     pending: 'nothing_new', not_known: 'nothing_new' },
    failed:    { same: 'conflict',    other: 'conflict', failed: 'nothing_new', pending: 'nothing_new', not_known: 'nothing_new' },
    rejected:  { same: 'conflict',    other: 'conflict', failed: 'nothing_new', pending: 'nothing_new', not_known: 'nothing_new' },
  };
  for (const state of REFUND_STATES) {
    for (const [name, outcome] of Object.entries(WORDS)) {
      it(`in ${state}, hearing ${name}: ${TABLE[state][name]!} (52)`, () => {
        const gatewayRefundId = state === 'succeeded' ? 'G1' : null;
        assert.equal(decideRefundOutcome({ state, gatewayRefundId }, outcome).kind, TABLE[state][name]);
      });
    }
  }
});

describe('an order after a refund', () => {
  it('is partly refunded, refunded, or paid again when the bank took its word back', () => {
    assert.equal(orderStatusAfterRefunds('paid', 10n, 1n), 'partly_refunded');
    assert.equal(orderStatusAfterRefunds('paid', 10n, 10n), 'refunded');
    assert.equal(orderStatusAfterRefunds('partly_refunded', 10n, 10n), 'refunded');
    assert.equal(orderStatusAfterRefunds('refunded', 10n, 4n), 'partly_refunded');
    assert.equal(orderStatusAfterRefunds('refunded', 10n, 0n), 'paid');
    assert.throws(() => orderStatusAfterRefunds('open', 10n, 1n), { code: 'refund.illegal-move' });
  });
});

describe('asking about a refund that is under way', () => {
  it('slows down and never stops', () => {
    const waits = Array.from({ length: 40 }, (_, index) => minutesUntilNextQuestion(index + 1));
    assert.deepEqual(waits.slice(0, 6), [1, 2, 5, 15, 30, 60]);
    assert.deepEqual(
      waits,
      [...waits].sort((a, b) => a - b),
    );
    assert.equal(waits.at(-1), 360);
  });
});

it('a refund of another currency keeps it', () => {
  const frozen = [{ lineNo: 1, amount: money(100n, 'USD'), refunded: money(0n, 'USD') }];
  assert.deepEqual(planRefundLines(frozen, money(30n, 'USD'), null), [
    { lineNo: 1, amount: money(30n, 'USD') },
  ]);
});

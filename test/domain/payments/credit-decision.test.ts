/** What a credit means for its payment: enough, too little, too much, or one too many. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AgencyId, LedgerAccountId, OrderId, PaymentId } from '../../../src/domain/kernel/ids.ts';
import { vnd } from '../../../src/domain/kernel/money.ts';
import {
  decideCredit,
  REST_WITHIN_MINUTES,
  type WaitingMoney,
} from '../../../src/domain/payments/credit-decision.ts';
import type { Payment } from '../../../src/domain/payments/payment.ts';

const NOW = new Date('2026-11-22T03:00:00Z');
const minutes = (count: number): Date => new Date(NOW.getTime() + count * 60_000);
const AT = { now: NOW, businessTimeZone: 'Asia/Ho_Chi_Minh' };
const ID = 'p1' as PaymentId;

function payment(due: bigint, changes: Partial<Payment> = {}): Payment {
  return {
    id: ID,
    number: 1n,
    gateway: 'vietqr',
    merchantAccount: 'platform',
    merchantReference: 'DVC7K2M9QXT4HPD',
    amount: vnd(due),
    state: 'handed_off',
    version: 1,
    gatewayTransactionId: null,
    knownTransactions: [],
    startedAt: minutes(-10),
    handedOffAt: minutes(-10),
    lifetimeEndsAt: minutes(20),
    paidAt: null,
    allocations: [
      {
        agencyId: 1 as AgencyId,
        orderId: 'o1' as OrderId,
        amount: vnd(due),
        claim: 'reserved',
        clearingAccountId: 'a1' as LedgerAccountId,
        lines: [],
        order: { status: 'open', version: 1, obligationTakenByAnother: false },
        holder: { paymentId: ID, claim: 'reserved' },
      },
    ],
    ...changes,
  };
}

const credit = (amount: bigint, paidAt = NOW) =>
  ({ kind: 'succeeded', amount: vnd(amount), gatewayTransactionId: 'FT1', paidAt }) as const;
const waiting = (amount: bigint, changes: Partial<WaitingMoney> = {}): WaitingMoney => ({
  amount: vnd(amount),
  since: minutes(-30),
  isLeaving: false,
  ...changes,
});
const SHORT = { state: 'mismatched', paidAt: minutes(-30) } as const;

describe('a credit', () => {
  it('of what is due is money like any other, of less waits, of more pays and leaves the excess', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 9n), fc.bigInt(1n, 10n ** 9n), (due, amount) => {
        const decision = decideCredit(payment(due), null, credit(amount), AT);
        if (amount === due) {
          assert.ok(decision.kind === 'outcome' && decision.decision.kind === 'money');
        } else if (amount < due) {
          assert.deepEqual(decision, { kind: 'short', waiting: vnd(amount) });
        } else {
          assert.ok(decision.kind === 'over');
          assert.deepEqual(decision.excess, vnd(amount - due));
          assert.deepEqual(decision.money.outcome.amount, vnd(due));
        }
      }),
    );
  });

  it('adds up: waited, needed and excess always make what came, and needed is never over what is due', () => {
    fc.assert(
      fc.property(
        fc.bigInt(2n, 10n ** 9n),
        fc.bigInt(1n, 10n ** 9n),
        fc.bigInt(1n, 10n ** 9n),
        (due, before, amount) => {
          fc.pre(before < due);
          const decision = decideCredit(payment(due, SHORT), waiting(before), credit(amount), AT);
          if (before + amount < due) {
            assert.deepEqual(decision, { kind: 'short', waiting: vnd(before + amount) });
            return;
          }
          assert.ok(decision.kind === 'complete');
          const { waited, needed, excess } = decision;
          assert.equal(waited.amountMinor + needed.amountMinor, due);
          assert.equal(needed.amountMinor + (excess?.amountMinor ?? 0n), amount);
          assert.equal(excess === null, before + amount === due);
        },
      ),
    );
  });

  it('that completes the sum paid at the time of the last credit, in whatever order they are told', () => {
    const late = decideCredit(payment(100n, SHORT), waiting(60n), credit(40n, NOW), AT);
    assert.ok(late.kind === 'complete');
    assert.deepEqual(late.money.outcome.paidAt, NOW);
    const early = decideCredit(payment(100n, SHORT), waiting(60n), credit(40n, minutes(-60)), AT);
    assert.ok(early.kind === 'complete');
    assert.deepEqual(early.money.outcome.paidAt, SHORT.paidAt);
  });

  it('for a sum that is on its way back is one too many', () => {
    const decision = decideCredit(payment(100n, SHORT), waiting(60n, { isLeaving: true }), credit(40n), AT);
    assert.ok(decision.kind === 'outcome' && decision.decision.kind === 'second_charge');
  });

  it('for a payment that succeeded, was resolved, or lies in suspense for another reason is one too many', () => {
    for (const state of ['succeeded', 'resolved', 'disputed', 'mismatched'] as const) {
      const decision = decideCredit(payment(100n, { state }), null, credit(100n), AT);
      assert.ok(decision.kind === 'outcome' && decision.decision.kind === 'second_charge', state);
    }
  });

  it('settles at the frozen sum while its rest is awaited, also after the code has died', () => {
    const last = minutes(-30 + REST_WITHIN_MINUTES);
    const decision = decideCredit(payment(100n, SHORT), waiting(60n), credit(40n, last), {
      ...AT,
      now: last,
    });
    assert.equal(decision.kind, 'complete');
  });

  it('in another currency is left to the rules of all outcomes', () => {
    const foreign = { ...credit(100n), amount: { amountMinor: 100n, currency: 'USD' as const } };
    const decision = decideCredit(payment(100n), null, foreign, AT);
    assert.ok(decision.kind === 'outcome' && decision.decision.kind === 'mismatch');
  });
});

/** What a citizen may be told: for each state of a payment and each time, exactly one situation. */
import assert from 'node:assert/strict';
import type { PaymentId } from '../../../src/domain/kernel/ids.ts';
import { vnd } from '../../../src/domain/kernel/money.ts';
import { addMinutes } from '../../../src/domain/kernel/time.ts';
import { FAILURE_REASONS } from '../../../src/domain/payments/failure-reason.ts';
import { PAYMENT_STATES, UNDECIDED_STATES } from '../../../src/domain/payments/payment-lifecycle.ts';
import {
  orderSituation,
  paymentSituation,
  type Attempt,
  type RefundFact,
  type SituationFacts,
} from '../../../src/domain/payments/payment-situation.ts';
import { CLAIM_STATES } from '../../../src/domain/payments/payment.ts';

const START = new Date('2026-11-20T02:13:18Z');
const LATER_MINUTES = [0, 1, 14, 16, 119, 121, 160, 26 * 60, 9 * 24 * 60, 400 * 24 * 60];

function anAttempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    id: 'p1' as PaymentId,
    state: 'handed_off',
    claim: 'reserved',
    allocated: vnd(503_000),
    amountReceived: null,
    startedAt: START,
    handedOffAt: START,
    lifetimeEndsAt: addMinutes(START, 15),
    paidAt: null,
    settledAt: null,
    ...changes,
  };
}

function aRefund(changes: Partial<RefundFact> = {}): RefundFact {
  return {
    paymentId: 'p1' as PaymentId,
    source: 'payable',
    amount: vnd(503_000),
    state: 'approved',
    requestedAt: START,
    decidedAt: START,
    submittedAt: null,
    resolvedAt: null,
    ...changes,
  };
}

function facts(changes: Partial<SituationFacts> = {}): SituationFacts {
  return {
    order: {
      status: 'open',
      expiresAt: addMinutes(START, 1_000_000),
      closedAt: null,
      amountRefunded: vnd(0),
    },
    attempts: [],
    refunds: [],
    now: START,
    businessTimeZone: 'Asia/Ho_Chi_Minh',
    ...changes,
  };
}

const declined = () => 'declined' as const;
const PAID_ORDER = { ...facts().order, status: 'paid' as const };

describe('the situation of a payment', () => {
  it('never says that nothing was taken unless the gateway has said so for sure', () => {
    for (const state of PAYMENT_STATES) {
      for (const claim of CLAIM_STATES) {
        for (const minutes of LATER_MINUTES) {
          for (const reason of FAILURE_REASONS) {
            const attempt = anAttempt({ state, claim });
            const now = addMinutes(START, minutes);
            const said = paymentSituation(attempt, facts({ attempts: [attempt], now }), () => reason);
            const saysNothingTaken =
              said.kind === 'failed' || (said.kind === 'expired' && said.money === 'not_paid');
            const isDefinite = state === 'failed' || state === 'lapsed';
            assert.ok(!saysNothingTaken || isDefinite, `${state} ${claim} after ${String(minutes)} min`);
          }
        }
      }
    }
  });

  for (const state of UNDECIDED_STATES) {
    it(`${state}: waiting, then being checked after 15 minutes, for as long as we do not know`, () => {
      const kinds = LATER_MINUTES.map((minutes) => {
        const attempt = anAttempt({ state });
        return paymentSituation(attempt, facts({ now: addMinutes(START, minutes) }), declined).kind;
      });
      assert.deepEqual(kinds.slice(0, 3), ['waiting', 'waiting', 'waiting']);
      assert.deepEqual([...new Set(kinds.slice(3))], ['checking']);
    });
  }

  it('says that an attempt is over, not that nothing was taken, between its end and 15 minutes', () => {
    const attempt = anAttempt({ lifetimeEndsAt: addMinutes(START, 5) });
    assert.deepEqual(paymentSituation(attempt, facts({ now: addMinutes(START, 6) }), declined), {
      kind: 'expired',
      money: 'waiting',
    });
  });

  it('promises a half hour that lies ahead, and says when an earlier promise was missed', () => {
    for (const minutes of LATER_MINUTES) {
      const now = addMinutes(START, minutes);
      const said = paymentSituation(anAttempt(), facts({ now }), declined);
      assert.ok(said.kind === 'waiting' || said.kind === 'checking');
      assert.ok(said.answerBy > now, `after ${String(minutes)} min`);
      assert.equal(said.answerBy.getTime() % 1_800_000, 0);
      if (said.kind === 'checking') assert.equal(said.isLate, minutes >= 160, String(minutes));
    }
    const early = paymentSituation(anAttempt(), facts(), declined);
    assert.equal(early.kind === 'waiting' && early.answerBy.toISOString(), '2026-11-20T04:30:00.000Z');
  });

  it('tells a definite failure by its reason, and a page that ran out as expired', () => {
    const attempt = anAttempt({ state: 'failed', claim: 'released' });
    assert.deepEqual(
      paymentSituation(attempt, facts(), () => 'insufficient_funds'),
      { kind: 'failed', reason: 'insufficient_funds' },
    );
    assert.deepEqual(
      paymentSituation(attempt, facts(), () => 'page_expired'),
      { kind: 'expired', money: 'not_paid' },
    );
    assert.deepEqual(paymentSituation({ ...attempt, state: 'lapsed' }, facts(), declined), {
      kind: 'expired',
      money: 'not_paid',
    });
  });

  it('never says "pay again" once another attempt lives or has paid, or the order is closed', () => {
    const failed = anAttempt({ state: 'failed', claim: 'released' });
    const other = anAttempt({ id: 'p2' as PaymentId });
    assert.deepEqual(paymentSituation(failed, facts({ attempts: [failed, other] }), declined), {
      kind: 'elsewhere',
      paymentId: 'p2',
    });
    const paid = anAttempt({ id: 'p2' as PaymentId, state: 'succeeded', claim: 'applied' });
    assert.deepEqual(
      paymentSituation(failed, facts({ attempts: [failed, paid], order: PAID_ORDER }), declined),
      { kind: 'already_paid', by: paid },
    );
    for (const order of [
      { ...facts().order, status: 'cancelled' as const },
      { ...facts().order, expiresAt: START },
    ]) {
      assert.deepEqual(paymentSituation(failed, facts({ attempts: [failed], order }), declined), {
        kind: 'elsewhere',
        paymentId: null,
      });
    }
  });

  it('follows the money of a wrong amount from being checked to its return', () => {
    const attempt = anAttempt({ state: 'mismatched', amountReceived: vnd(499_000) });
    const told = (refunds: RefundFact[]) => paymentSituation(attempt, facts({ refunds }), declined);
    const suspense = aRefund({ source: 'suspense', amount: vnd(499_000) });
    const checking = told([]);
    assert.equal(checking.kind === 'amount_differs' && checking.next, 'checking');
    assert.deepEqual(checking.kind === 'amount_differs' && checking.received, vnd(499_000));
    const asked = told([{ ...suspense, state: 'requested' }]);
    assert.equal(asked.kind === 'amount_differs' && asked.next, 'checking');
    const sent = told([{ ...suspense, state: 'submitted' }]);
    assert.equal(sent.kind === 'amount_differs' && sent.next, 'refund');
    assert.equal(told([{ ...suspense, state: 'succeeded', resolvedAt: START }]).kind, 'refunded');
    assert.equal(told([{ ...suspense, state: 'failed', resolvedAt: START }]).kind, 'amount_differs');
  });

  it('follows surplus money until it has come back, and names the payment that counts', () => {
    const counted = anAttempt({ state: 'succeeded', claim: 'applied', paidAt: START });
    const second = anAttempt({ id: 'p2' as PaymentId, state: 'succeeded', claim: 'surplus' });
    const refund = aRefund({ paymentId: second.id, source: 'surplus' });
    const told = (refunds: RefundFact[]) =>
      paymentSituation(second, facts({ attempts: [counted, second], order: PAID_ORDER, refunds }), declined);
    for (const refunds of [
      [],
      ...(['requested', 'approved', 'submitted', 'failed'] as const).map((state) => [{ ...refund, state }]),
    ]) {
      const said = told(refunds);
      assert.equal(said.kind, 'refund_under_way');
      assert.deepEqual(said.cause, { kind: 'paid_twice', counted });
    }
    assert.equal(told([{ ...refund, state: 'succeeded', resolvedAt: START }]).kind, 'refunded');
    assert.equal(
      paymentSituation(counted, facts({ attempts: [counted, second], order: PAID_ORDER }), declined).kind,
      'paid',
    );
  });

  it('says of what ran out at a gateway that cannot be asked only that nothing was received', () => {
    const lapsed = anAttempt({ state: 'lapsed', claim: 'released' });
    const told = (canBeAsked: boolean) => paymentSituation(lapsed, facts(), declined, canBeAsked);
    assert.deepEqual(told(true), { kind: 'expired', money: 'not_paid' });
    assert.deepEqual(told(false), { kind: 'expired', money: 'not_received' });
    const failed = anAttempt({ state: 'failed', claim: 'released' });
    assert.equal(paymentSituation(failed, facts(), declined, false).kind, 'failed', 'a definite word is one');
  });

  it('tells a part that was too much from a second payment', () => {
    const counted = anAttempt({ state: 'succeeded', claim: 'applied', paidAt: START });
    const excess = anAttempt({
      id: 'p2' as PaymentId,
      state: 'succeeded',
      claim: 'surplus',
      amountReceived: vnd(20_000),
      allocated: vnd(20_000),
    });
    const said = paymentSituation(
      excess,
      facts({ attempts: [counted, excess], order: PAID_ORDER }),
      declined,
    );
    assert.deepEqual(said.kind === 'refund_under_way' && said.cause, { kind: 'paid_over', counted });
  });

  it('keeps an order paid while a part of it goes back', () => {
    const attempt = anAttempt({ state: 'succeeded', claim: 'applied' });
    const told = (amount: number, before: number) =>
      paymentSituation(
        attempt,
        facts({
          order: { ...PAID_ORDER, amountRefunded: vnd(before) },
          refunds: [aRefund({ state: 'approved', amount: vnd(amount) })],
        }),
        declined,
      ).kind;
    assert.equal(told(50_000, 0), 'paid');
    assert.equal(told(503_000, 0), 'refund_under_way');
    assert.equal(told(453_000, 50_000), 'refund_under_way', 'the rest of it');
  });

  it('tells of the refund of a paid order once it is approved, and of its end', () => {
    const attempt = anAttempt({ state: 'succeeded', claim: 'applied' });
    const told = (state: RefundFact['state'], status: SituationFacts['order']['status']) =>
      paymentSituation(
        attempt,
        facts({
          order: { ...PAID_ORDER, status },
          refunds: [aRefund({ state, resolvedAt: state === 'succeeded' ? START : null })],
        }),
        declined,
      ).kind;
    assert.equal(told('requested', 'paid'), 'paid');
    assert.equal(told('approved', 'paid'), 'refund_under_way');
    assert.equal(told('submitted', 'paid'), 'refund_under_way');
    assert.equal(told('rejected', 'paid'), 'paid');
    assert.equal(told('failed', 'paid'), 'paid');
    assert.equal(told('succeeded', 'partly_refunded'), 'paid');
    assert.equal(told('succeeded', 'refunded'), 'refunded');
  });
});

describe('the situation of an order', () => {
  it('is payable while it is open and every attempt is definitely over', () => {
    const over = [
      anAttempt({ state: 'failed', claim: 'released' }),
      anAttempt({ state: 'lapsed', claim: 'released' }),
    ];
    assert.deepEqual(orderSituation(facts()), { kind: 'payable' });
    assert.deepEqual(orderSituation(facts({ attempts: over })), { kind: 'payable' });
    assert.equal(orderSituation(facts({ now: addMinutes(START, 2_000_000) })).kind, 'expired');
  });

  it('is that of the attempt that pays or has paid it', () => {
    const failed = anAttempt({ state: 'failed', claim: 'released' });
    for (const claim of ['reserved', 'applied'] as const) {
      const attempt = anAttempt({ id: 'p2' as PaymentId, claim });
      assert.deepEqual(orderSituation(facts({ attempts: [failed, attempt] })), {
        kind: 'payment',
        paymentId: 'p2',
      });
    }
  });

  it('closed: says so, unless money that came too late is on its way back', () => {
    const order = { ...facts().order, status: 'cancelled' as const, closedAt: START };
    assert.deepEqual(orderSituation(facts({ order })), { kind: 'withdrawn', at: START });
    const late = anAttempt({ state: 'succeeded', claim: 'surplus' });
    assert.deepEqual(orderSituation(facts({ order, attempts: [late] })), {
      kind: 'payment',
      paymentId: 'p1',
    });
  });
});

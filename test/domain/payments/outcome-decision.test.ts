/** The rules of a payment's money: every state against everything a gateway can say. */
import assert from 'node:assert/strict';
import type { AgencyId, LedgerAccountId, OrderId, PaymentId } from '../../../src/domain/kernel/ids.ts';
import { money, vnd } from '../../../src/domain/kernel/money.ts';
import { day } from '../../../src/domain/kernel/time.ts';
import type { GatewayOutcome } from '../../../src/domain/payments/gateway-outcome.ts';
import { decideOutcome, type OutcomeDecision } from '../../../src/domain/payments/outcome-decision.ts';
import { PAYMENT_STATES, type PaymentState } from '../../../src/domain/payments/payment-lifecycle.ts';
import type { Allocation, Payment } from '../../../src/domain/payments/payment.ts';

const ZONE = 'Asia/Ho_Chi_Minh';
const STARTED = new Date('2026-11-22T02:00:00Z');
const LIFE_ENDS = new Date('2026-11-22T02:15:00Z');
const DURING = new Date('2026-11-22T02:05:00Z');
const AFTER = new Date('2026-11-22T03:00:00Z');
const OURS = '00000000-0000-7000-8000-000000000001' as PaymentId;
const OTHER = '00000000-0000-7000-8000-000000000002' as PaymentId;

function anAllocation(over: Partial<Allocation> = {}): Allocation {
  return {
    agencyId: 1 as AgencyId,
    orderId: '00000000-0000-7000-8000-0000000000aa' as OrderId,
    amount: vnd(503_000),
    claim: 'reserved',
    clearingAccountId: 'c' as LedgerAccountId,
    lines: [],
    order: { status: 'open', version: 2, obligationTakenByAnother: false },
    holder: { paymentId: OURS, claim: 'reserved' },
    ...over,
  };
}

function aPayment(state: PaymentState, over: Partial<Payment> = {}): Payment {
  const knows = !['created', 'handed_off', 'unknown', 'failed', 'lapsed'].includes(state);
  return {
    id: OURS,
    number: 1n,
    gateway: 'sandbox',
    merchantAccount: 'platform',
    merchantReference: 'SB1',
    amount: vnd(503_000),
    state,
    version: 3,
    gatewayTransactionId: knows ? 'T1' : null,
    knownTransactions: knows ? ['T1'] : [],
    startedAt: STARTED,
    handedOffAt: STARTED,
    lifetimeEndsAt: LIFE_ENDS,
    paidAt: knows ? DURING : null,
    allocations: [anAllocation()],
    ...over,
  };
}

function success(over: Partial<Extract<GatewayOutcome, { kind: 'succeeded' }>> = {}): GatewayOutcome {
  return { kind: 'succeeded', amount: vnd(503_000), gatewayTransactionId: 'T1', paidAt: DURING, ...over };
}

function decide(payment: Payment, outcome: GatewayOutcome, now = DURING): OutcomeDecision {
  return decideOutcome(payment, outcome, now, ZONE);
}

describe('what an outcome means', () => {
  const table: Record<
    PaymentState,
    readonly [paid: string, failed: string, pending: string, notKnown: string]
  > = {
    created: ['money', 'no_money', 'undecided:handed_off', 'undecided:unchanged'],
    handed_off: ['money', 'no_money', 'undecided:unchanged', 'undecided:unchanged'],
    unknown: ['money', 'no_money', 'undecided:unchanged', 'undecided:unchanged'],
    succeeded: ['nothing_new', 'conflict', 'nothing_new', 'nothing_new'],
    failed: ['money', 'nothing_new', 'nothing_new', 'nothing_new'],
    lapsed: ['money', 'nothing_new', 'nothing_new', 'nothing_new'],
    mismatched: ['nothing_new', 'conflict', 'nothing_new', 'nothing_new'],
    resolved: ['nothing_new', 'conflict', 'nothing_new', 'nothing_new'],
    disputed: ['nothing_new', 'conflict', 'nothing_new', 'nothing_new'],
  };
  for (const state of PAYMENT_STATES) {
    it(`of a ${state} payment is ${table[state].join(', ')} when the gateway says paid, failed, pending, not known`, () => {
      const said: GatewayOutcome[] = [
        success(),
        { kind: 'failed', gatewayCode: '51' },
        { kind: 'pending', gatewayCode: 'xx' },
        { kind: 'not_known' },
      ];
      const decided = said.map((outcome) => {
        const decision = decide(aPayment(state), outcome);
        return decision.kind === 'undecided' ? `undecided:${decision.state}` : decision.kind;
      });
      assert.deepEqual(decided, table[state]);
    });
  }

  it('turns unknown once the life is over and the gateway still does not say', () => {
    const decision = decide(aPayment('handed_off'), { kind: 'pending', gatewayCode: 'xx' }, AFTER);
    assert.deepEqual(decision, { kind: 'undecided', state: 'unknown', gatewayCode: 'xx' });
  });

  it('lapses once the life is over and the gateway has never heard of it', () => {
    const decision = decide(aPayment('unknown'), { kind: 'not_known' }, AFTER);
    assert.deepEqual(decision, { kind: 'no_money', state: 'lapsed', gatewayCode: null });
  });

  it('marks money after a failure as a correction', () => {
    const decision = decide(aPayment('failed'), success());
    assert.equal(decision.kind === 'money' && decision.corrects, true);
  });

  it('sees another transaction under the same reference as a second charge', () => {
    assert.equal(
      decide(aPayment('succeeded'), success({ gatewayTransactionId: 'T2' })).kind,
      'second_charge',
    );
  });
});

describe('the amount', () => {
  for (const amount of [502_999n, 0n, 503_001n, 1_000_000_000_000_000n]) {
    it(`of ${String(amount)} where 503000 is due goes whole to suspense`, () => {
      const decision = decide(aPayment('handed_off'), success({ amount: vnd(amount) }));
      assert.equal(decision.kind === 'mismatch' && decision.book, 1);
    });
  }

  it('of another currency goes to suspense even when the figure is the same', () => {
    assert.equal(
      decide(aPayment('handed_off'), success({ amount: money(503_000n, 'USD') })).kind,
      'mismatch',
    );
  });

  it("of several agencies goes to the platform's book when it differs", () => {
    const second = anAllocation({ agencyId: 2 as AgencyId, orderId: 'b' as OrderId });
    const payment = aPayment('handed_off', { allocations: [anAllocation(), second] });
    const decision = decide(payment, success({ amount: vnd(1) }));
    assert.equal(decision.kind === 'mismatch' && decision.book, 0);
  });

  const lateLine = {
    lineNo: 1,
    orderLineNo: 1,
    kind: 'penalty',
    description: 'x',
    beneficiaryCode: 'kb',
    beneficiaryName: 'KB',
    budgetChapter: null,
    budgetSubItem: null,
    receiptForm: '01BLP0-001',
    payableAccountId: 'p' as LedgerAccountId,
    amount: vnd(500_000),
    refunded: vnd(0),
    calculation: { kind: 'terms' as const, terms: { payBy: day('2026-11-09'), ratePerDayPpm: 500 } },
  };
  const interestLine = {
    ...lateLine,
    lineNo: 2,
    kind: 'late_interest',
    amount: vnd(3_000),
    calculation: { kind: 'interest' as const, base: vnd(500_000), ratePerDayPpm: 500, days: 12 },
  };
  const payment = aPayment('lapsed', { allocations: [anAllocation({ lines: [lateLine, interestLine] })] });

  it('paid within the attempt settles at what was frozen, however late we learn of it', () => {
    const decision = decide(payment, success(), new Date('2026-12-24T00:00:00Z'));
    assert.equal(decision.kind, 'money');
  });

  it('paid after the attempt is compared with what was due on its own payment day', () => {
    const nextDay = success({ paidAt: new Date('2026-11-23T02:00:00Z') });
    const decision = decide(payment, nextDay);
    assert.deepEqual(decision.kind === 'mismatch' && decision.expected, vnd(503_250));
  });

  it('paid after the attempt but on the same day settles', () => {
    assert.equal(decide(payment, success({ paidAt: new Date('2026-11-22T16:59:59Z') })).kind, 'money');
  });
});

describe('who takes the claim of an order', () => {
  function becomes(allocation: Allocation) {
    const decision = decide(aPayment('lapsed', { allocations: [allocation] }), success());
    assert.ok(decision.kind === 'money');
    const [only] = decision.allocations;
    return [only?.becomes, only?.displaces ?? null];
  }

  it('a success finds the order unclaimed and takes it', () => {
    assert.deepEqual(becomes(anAllocation({ holder: null })), ['applied', null]);
  });

  it('a success displaces an attempt that only reserved it', () => {
    assert.deepEqual(becomes(anAllocation({ holder: { paymentId: OTHER, claim: 'reserved' } })), [
      'applied',
      OTHER,
    ]);
  });

  it('a success is surplus when another is applied', () => {
    const allocation = anAllocation({ holder: { paymentId: OTHER, claim: 'applied' } });
    assert.deepEqual(becomes(allocation), ['surplus', null]);
  });

  for (const status of ['paid', 'partly_refunded', 'refunded', 'cancelled'] as const) {
    it(`a success is surplus on a ${status} order`, () => {
      const order = { status, version: 1, obligationTakenByAnother: false };
      assert.deepEqual(becomes(anAllocation({ order, holder: null })), ['surplus', null]);
    });
  }

  it('late money pays an expired order', () => {
    const order = { status: 'expired' as const, version: 1, obligationTakenByAnother: false };
    assert.deepEqual(becomes(anAllocation({ order, holder: null })), ['applied', null]);
  });

  it('late money is surplus when another order stands for the obligation', () => {
    const order = { status: 'expired' as const, version: 1, obligationTakenByAnother: true };
    assert.deepEqual(becomes(anAllocation({ order, holder: null })), ['surplus', null]);
  });
});

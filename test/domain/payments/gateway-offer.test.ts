/** Whether a gateway is offered, and the reason that people are told. */
import assert from 'node:assert/strict';
import { vnd } from '../../../src/domain/kernel/money.ts';
import { CLOSED_CIRCUIT, type Circuit } from '../../../src/domain/payments/gateway-circuit.ts';
import {
  currentMaintenance,
  offerOf,
  UNCHANGED,
  type AgencyGateway,
  type MaintenanceWindow,
  type Prospect,
} from '../../../src/domain/payments/gateway-offer.ts';

const at = (time: string): Date => new Date(`2026-11-25T${time}:00Z`);
const NOW = at('02:00');
const OPEN: Circuit = {
  ...CLOSED_CIRCUIT,
  state: 'open',
  brokenBy: 'start',
  openedAt: at('01:50'),
  retryAt: at('02:10'),
  pauseSeconds: 600,
};

function window(from: string, to: string, note: MaintenanceWindow['note'] = null): MaintenanceWindow {
  return { gateway: 'vnpay', startsAt: at(from), endsAt: at(to), note };
}

function prospect(changes: {
  circuit?: Circuit;
  probeUntil?: Date;
  maintenance?: readonly MaintenanceWindow[];
  parts?: readonly { amount: number; settings?: Partial<AgencyGateway> }[];
  hasAccount?: boolean;
}): Prospect {
  return {
    limits: { currencies: ['VND'], amountMin: vnd(5_000), amountMax: vnd(20_000_000) },
    hasAccount: changes.hasAccount ?? true,
    standing: {
      circuit: changes.circuit ?? CLOSED_CIRCUIT,
      probeUntil: changes.probeUntil ?? null,
      maintenance: changes.maintenance ?? [],
    },
    parts: (changes.parts ?? [{ amount: 100_000 }]).map(({ amount, settings }) => ({
      amount: vnd(amount),
      settings: { ...UNCHANGED, ...settings },
    })),
  };
}

function offered(changes: Parameters<typeof prospect>[0], now = NOW) {
  const made = prospect(changes);
  const total = made.parts.reduce((all, { amount }) => all + amount.amountMinor, 0n);
  return offerOf(made, vnd(total), now);
}

describe('the offer of a gateway', () => {
  it('is there when nothing speaks against it', () => {
    assert.deepEqual(offered({}), { kind: 'available', isTrial: false });
  });

  it('is not made at all when one of the agencies does not take money this way', () => {
    const parts = [{ amount: 50_000 }, { amount: 50_000, settings: { offered: false } }];
    assert.deepEqual(offered({ parts, circuit: OPEN }), { kind: 'not_offered' });
  });

  it('needs an account', () => {
    assert.deepEqual(offered({ hasAccount: false }), { kind: 'unavailable' });
  });

  it('keeps to what the gateway takes of the whole, and each agency of its part', () => {
    assert.deepEqual(offered({ parts: [{ amount: 20_000_001 }] }), {
      kind: 'over_limit',
      limit: vnd(20_000_000),
    });
    assert.deepEqual(offered({ parts: [{ amount: 4_999 }] }), { kind: 'under_minimum', minimum: vnd(5_000) });
    assert.equal(offered({ parts: [{ amount: 3_000 }, { amount: 3_000 }] }).kind, 'available');
    const settings = { amountMin: 10_000n, amountMax: 1_000_000n };
    assert.equal(offered({ parts: [{ amount: 10_000, settings }] }).kind, 'available');
    assert.equal(offered({ parts: [{ amount: 1_000_000, settings }] }).kind, 'available');
    assert.deepEqual(offered({ parts: [{ amount: 9_999, settings }] }), {
      kind: 'under_minimum',
      minimum: vnd(10_000),
    });
    const parts = [{ amount: 9_000_000 }, { amount: 1_000_001, settings }];
    assert.deepEqual(offered({ parts }), { kind: 'over_limit', limit: vnd(1_000_000) });
  });

  it('is taken back while the circuit is open, and says since when', () => {
    assert.deepEqual(offered({ circuit: OPEN }), { kind: 'failing', since: at('01:50') });
  });

  it('is made to one payer when the pause is over, until that one is not heard of', () => {
    const now = at('02:10');
    assert.deepEqual(offered({ circuit: OPEN }, now), { kind: 'available', isTrial: true });
    assert.equal(offered({ circuit: OPEN, probeUntil: at('02:11') }, now).kind, 'failing');
    assert.equal(offered({ circuit: OPEN, probeUntil: at('02:11') }, at('02:11')).kind, 'available');
  });

  it('is taken back in a maintenance window, from its start until before its end', () => {
    const maintenance = [window('01:00', '03:00')];
    assert.deepEqual(offered({ maintenance }), { kind: 'maintenance', until: at('03:00'), note: null });
    assert.equal(offered({ maintenance }, at('01:00')).kind, 'maintenance');
    for (const now of [at('00:59'), at('03:00')])
      assert.equal(offered({ maintenance }, now).kind, 'available');
    assert.equal(offered({ maintenance, circuit: OPEN }).kind, 'maintenance', 'the known end is told first');
  });

  it('tells the end of the whole absence when windows touch or overlap', () => {
    const note = { vi: 'Nâng cấp.', en: 'Upgrade.' };
    const windows = [window('03:00', '04:00', note), window('01:00', '02:30'), window('02:15', '03:00')];
    assert.deepEqual(currentMaintenance(windows, NOW), { until: at('04:00'), note });
    assert.equal(currentMaintenance([window('02:30', '03:00')], NOW), null);
    const apart = [window('01:00', '02:30'), window('02:31', '04:00')];
    assert.deepEqual(currentMaintenance(apart, NOW)?.until, at('02:30'));
  });
});

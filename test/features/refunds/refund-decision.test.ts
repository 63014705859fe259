/** Who may decide a refund: never the one that asked, and each refund once. */
import assert from 'node:assert/strict';
import { REFUND_DECISIONS } from '../../../src/domain/refunds/refund.ts';
import { decideRefund } from '../../../src/features/refunds/decide-refund.ts';
import type { Refund, RefundDecision } from '../../../src/domain/refunds/refund.ts';
import { inTransaction, query } from '../../../src/platform/database.ts';
import { createPaidOrders, type PaidOrders } from '../../support/paid-orders.ts';
import { ask, balances, hasNoDrift, refusal } from '../../support/refunds.ts';

const ACTORS = ['client:a', 'client:b', 'staff:c', 'staff:d'];
const STATE_AFTER: Readonly<Record<RefundDecision, string>> = {
  approve: 'approved',
  reject: 'rejected',
  send_back: 'rejected',
};

describe('deciding a refund', () => {
  let world: PaidOrders;
  before(async () => {
    world = await createPaidOrders();
  });
  after(() => world.drop());

  const decide = (refund: Refund, decision: RefundDecision, actor: string) =>
    inTransaction(world.database.db, (tx) =>
      decideRefund(tx, world.deps, {
        agencyId: refund.agencyId,
        refundId: refund.id,
        decision,
        note: 'Seen.',
        actor,
      }),
    );

  for (const decision of REFUND_DECISIONS) {
    it(`to ${decision} takes another person or client than the one that asked (62)`, async () => {
      const order = await world.paidOrder();
      for (const asker of ACTORS) {
        for (const decider of ACTORS) {
          const refund = await ask(world, order, 1_000n, { actor: asker });
          const held = await balances(world, order.agencyId);
          const { code } = await refusal(decide(refund, decision, decider));
          const [row] = await query<{ state: string; decided_by: string | null }>(
            world.database.db,
            'select state, decided_by from refunds where id = :id',
            { id: refund.id },
          );
          if (asker === decider) {
            assert.equal(code, 'refund.same-person');
            assert.deepEqual(row, { state: 'requested', decided_by: null });
            assert.deepEqual(await balances(world, order.agencyId), held);
          } else {
            assert.equal(code, 'accepted');
            assert.deepEqual(row, { state: STATE_AFTER[decision], decided_by: decider });
          }
        }
      }
      await hasNoDrift(world);
    });
  }

  it('by two at once counts once', async () => {
    const order = await world.paidOrder();
    const refund = await ask(world, order, 5_000n);
    const codes = await Promise.all([
      refusal(decide(refund, 'reject', 'client:b')),
      refusal(decide(refund, 'approve', 'client:c')),
      refusal(decide(refund, 'send_back', 'client:d')),
    ]);
    assert.deepEqual(codes.map(({ code }) => code).sort(), [
      'accepted',
      'refund.illegal-move',
      'refund.illegal-move',
    ]);
    await hasNoDrift(world);
  });

  it('of another agency finds nothing', async () => {
    const refund = await ask(world, await world.paidOrder(), 5_000n);
    const foreign = { ...refund, agencyId: world.agencies[1] };
    assert.equal((await refusal(decide(foreign, 'approve', 'client:b'))).code, 'refund.not-found');
  });

  it('leaves who asked, who decided and why in the audit log', async () => {
    const refund = await ask(world, await world.paidOrder(), 5_000n);
    await decide(refund, 'reject', 'staff:c');
    const entries = await query<{ actor: string; action: string }>(
      world.database.db,
      'select actor, action from audit_log where subject = :subject order by at',
      { subject: `rf_${refund.id.replaceAll('-', '')}` },
    );
    assert.deepEqual(entries, [
      { actor: 'client:a', action: 'refund.requested' },
      { actor: 'staff:c', action: 'refund.rejected' },
    ]);
  });
});

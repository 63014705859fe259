/**
 * The journeys every gateway must survive, run over all of them: the whole service on a loopback port, the gateway's
 * other party played beside it, and everything that can go wrong between the two.
 */
import assert from 'node:assert/strict';
import type { PaymentId } from '../../src/domain/kernel/ids.ts';
import { query } from '../../src/platform/database.ts';
import type { Peer } from '../../src/stand-ins/peer/peer.ts';
import {
  startTestService,
  type TestAgency,
  type TestOrder,
  type TestPayment,
  type TestService,
} from '../support/service.ts';

export interface JourneySubject {
  readonly gateway: string;
  /** Codes by which the other party declines for good, and one that no document lists; null: it has no such thing. */
  readonly declinedCode: string | null;
  readonly unknownCode: string | null;
  /** Whether it gives money back; checked against the adapter. */
  readonly refunds: boolean;
  /** What a browser may bring back that claims success. */
  readonly inventedReturn: string;
  /** False where the gateway hears of a payment first by the payer's browser, or not at all. */
  readonly asksToStart?: boolean;
  /** False where a payment has no number of the gateway's own, so that two charges look like one. */
  readonly tellsSecondCharges?: boolean;
  /** True where the payer sends money by themselves: it adds up, and nobody declines it. */
  readonly isTransfer?: boolean;
}

export function survivesTheJourneys(subject: JourneySubject): void {
  const { gateway } = subject;

  describe(`payments through ${gateway}`, function () {
    this.timeout(30_000);
    let world: TestService;
    let agency: TestAgency;
    let peer: Peer;

    before(async () => {
      world = await startTestService({
        env: { SANDBOX_GATEWAYS: gateway, GATEWAY_TIMEOUT_MS: '2000' },
      });
      agency = await world.addAgency('H29');
      await world.allowAutomaticRefunds(5_000_000n);
      peer = world.peer(gateway);
    });
    afterEach(() => world.assertSound());
    after(() => world.stop());

    const adapter = () => {
      const found = world.service.payments.gateways.get(gateway);
      assert.ok(found);
      return found;
    };
    const { asksToStart = true, isTransfer = false, refunds } = subject;

    before(() => assert.equal(adapter().refunds !== undefined, refunds));

    async function handedOff(): Promise<[TestOrder, TestPayment]> {
      const order = await world.openOrder(agency);
      return [order, await started(order)];
    }

    /** Starts a payment and goes where the payer's browser is sent. */
    async function started(order: TestOrder): Promise<TestPayment> {
      const payment = await world.startPaymentAt(gateway, order);
      const { handOff } = await world.payment(payment.id);
      if (handOff?.kind === 'redirect') await fetch(handOff.url);
      return payment;
    }

    async function paid(): Promise<[TestOrder, TestPayment]> {
      const [order, payment] = await handedOff();
      assert.ok(await peer.decide(payment.reference, { kind: 'approve' }));
      await world.settleDown();
      assert.equal(await world.orderStatus(order), 'paid');
      return [order, payment];
    }

    async function stateOf({ id }: { readonly id: PaymentId }): Promise<string> {
      return (await world.payment(id)).state;
    }

    async function chargesOf({ reference }: TestPayment) {
      const payment = (await peer.payments()).find((one) => one.reference === reference);
      return (await peer.charges()).filter(({ paymentId }) => paymentId === payment?.id);
    }

    async function postingsOf({ id }: TestPayment): Promise<number> {
      return world.count('ledger_transactions', `event_ref = '${id}'`);
    }

    /** Round after round of the ladder, until the service knows or a day is over. */
    async function letTheLadderAsk(payment: TestPayment): Promise<void> {
      for (
        let round = 0;
        round < 12 && ['created', 'handed_off', 'unknown'].includes(await stateOf(payment));
      ) {
        world.pass({ minutes: round < 6 ? 4 : 60 });
        await world.turn('poll-pending-payments');
        round += 1;
      }
    }

    it('from the order to the money, the receipt and the word to the agency', async () => {
      const [order, payment] = await paid();
      assert.equal((await chargesOf(payment)).length, 1);
      const { body } = await agency.call('GET', `/v1/payment-orders/${order.publicId}`);
      assert.equal(body.amount_paid, Number(payment.amount));
      assert.ok((await world.count('receipts', `order_id = '${order.id}'`)) > 0, 'there is a receipt');
      const told = await world.eventTypes(order);
      assert.deepEqual(told.slice(0, 2), ['payment_order.opened', 'payment_order.paid']);
      assert.ok(told.includes('receipt.issued'));
      const repeats = await peer.notices.pump({ ignoreDueTime: true });
      assert.equal(repeats, 0, 'the gateway took our answer for an end');
      const ours = await query<{ result: string }>(
        world.db,
        `select result from gateway_callbacks where gateway = :gateway and verified order by received_at desc limit 1`,
        { gateway },
      );
      assert.equal(ours[0]?.result, 'recorded');
    });

    it('promise 1, 2: told twenty times at the same instant, it is one posting and every telling is accepted', async () => {
      const [order, payment] = await handedOff();
      await peer.setSwitch('repeat_notices', 20);
      await peer.decide(payment.reference, { kind: 'approve' });
      await peer.setSwitch('repeat_notices', 0);
      assert.equal(await peer.notices.pump(), 20);
      assert.equal(await peer.notices.pump({ ignoreDueTime: true }), 0, 'each was accepted');
      await world.turn('poll-pending-payments'); // Where a notice only has us ask.
      assert.equal(await world.orderStatus(order), 'paid');
      assert.equal(await postingsOf(payment), 1);
    });

    if (asksToStart) {
      it('promise 4: told before our own call was answered, it is paid all the same', async () => {
        await peer.setSwitch('pay_before_answer', 1);
        const [order] = await handedOff();
        await world.settleDown();
        world.pass({ minutes: 3 });
        await world.settleDown();
        assert.equal(await world.orderStatus(order), 'paid');
      });

      it('promise 37: an answer lost at the start leads back to the same reference, never to a second payment', async () => {
        const order = await world.openOrder(agency);
        await peer.setSwitch('lose_create_answer', 1);
        const lost = await world.startPaymentAt(gateway, order);
        await peer.setSwitch('lose_create_answer', 0);
        const again = await started(order);
        assert.equal(again.reference, lost.reference);
        await peer.decide(again.reference, { kind: 'approve' });
        await world.settleDown();
        assert.equal(await world.orderStatus(order), 'paid');
        const there = (await peer.payments()).filter(({ reference }) => reference === lost.reference);
        assert.equal(there.length, 1, 'the gateway has one payment');
      });

      it('a gateway in maintenance, slow or cut off leaves an attempt that can go on, and no second one', async () => {
        for (const fault of ['maintenance', 'cut_answers', 'slow_answers'] as const) {
          const order = await world.openOrder(agency);
          await peer.setSwitch(fault, 1);
          const first = await world.startPaymentAt(gateway, order);
          await peer.setSwitch(fault, 0);
          const second = await started(order);
          assert.equal(second.id, first.id, fault);
          await peer.decide(second.reference, { kind: 'approve' });
          await world.settleDown();
          assert.equal(await world.orderStatus(order), 'paid', fault);
        }
      });
    }

    it('promise 6: what a browser brings back pays nothing', async () => {
      const [order, payment] = await handedOff();
      const token = world.service.links.tokenOf({ kind: 'payment', id: payment.id });
      const path = `/gateways/${gateway}/return/${token}?${subject.inventedReturn}`;
      const back = await fetch(world.origin + path, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
      assert.ok(back === null || back.ok, 'it waits for the gateway, or shows what it knows');
      const page = await fetch(`${world.origin}/pay/${token}`);
      assert.doesNotMatch(await page.text(), /Đã nộp thành công/);
      assert.equal(await world.orderStatus(order), 'open');
      await peer.decide(payment.reference, { kind: 'approve' });
    });

    it('promise 8: paid and never told, the ladder finds it', async function () {
      const [order, payment] = await handedOff();
      await peer.decide(payment.reference, { kind: 'approve', manner: 'never' });
      if (!adapter().queries) {
        // Without queries the settlement file or a person must tell; silence is not read as anything before its time.
        assert.equal(await stateOf(payment), 'handed_off');
        return;
      }
      await letTheLadderAsk(payment);
      assert.equal(await world.orderStatus(order), 'paid');
      assert.equal(await postingsOf(payment), 1);
    });

    it('promise 10: "still working on it" after the success changes nothing', async () => {
      const [order, payment] = await handedOff();
      await peer.decide(payment.reference, { kind: 'approve', manner: 'reordered' });
      await world.settleDown();
      assert.equal(await world.orderStatus(order), 'paid');
      assert.equal(await stateOf(payment), 'succeeded');
    });

    it('promise 19, 23: a forged or altered message is refused, and the genuine one beside it counts', async () => {
      for (const manner of ['forged', 'altered'] as const) {
        const [order, payment] = await handedOff();
        await peer.decide(payment.reference, { kind: 'approve', manner });
        await world.settleDown();
        assert.equal(await world.orderStatus(order), 'paid', manner);
        assert.equal(await postingsOf(payment), 1, manner);
      }
      // A forged one may be the genuine one's very bytes under another signature, and is then not kept beside it.
      const refused = await world.count('gateway_callbacks', `gateway = '${gateway}' and not verified`);
      assert.ok(refused > 0, 'the refused one was noticed');
    });

    it('three lost notices are made up for by the fourth', async () => {
      const [order, payment] = await handedOff();
      await peer.decide(payment.reference, { kind: 'approve', manner: 'lost' });
      for (let round = 0; round < 4; round += 1) await peer.notices.pump({ ignoreDueTime: true });
      await world.turn('poll-pending-payments');
      assert.equal(await world.orderStatus(order), 'paid');
      assert.equal(await postingsOf(payment), 1);
    });

    it('promise 15, 16: another amount than was due never pays the order unasked', async () => {
      for (const amount of [179_999n, 180_001n, 18_000_000n]) {
        const [order, payment] = await handedOff();
        await peer.decide(payment.reference, { kind: 'approve', amount });
        await world.settleDown();
        // A transfer adds up: too little waits for the rest, what is over goes back.
        const isEnough = isTransfer && amount >= payment.amount;
        assert.equal(await world.orderStatus(order), isEnough ? 'paid' : 'open', amount.toString());
        if (!isTransfer) assert.equal(await stateOf(payment), 'mismatched', amount.toString());
      }
    });

    const { declinedCode, unknownCode } = subject;
    if (declinedCode !== null) {
      it('a definitive decline ends the attempt, and the next one can pay', async () => {
        const [order, payment] = await handedOff();
        await peer.decide(payment.reference, { kind: 'decline', code: declinedCode });
        await world.settleDown();
        await letTheLadderAsk(payment);
        assert.equal(await stateOf(payment), 'failed');
        const next = await started(order);
        assert.notEqual(next.reference, payment.reference);
        await peer.decide(next.reference, { kind: 'approve' });
        await world.settleDown();
        assert.equal(await world.orderStatus(order), 'paid');
      });
    }

    if (unknownCode !== null) {
      it('promise 27: a word that no document lists decides nothing and blocks a second attempt', async () => {
        const [order, payment] = await handedOff();
        await peer.decide(payment.reference, { kind: 'decline', code: unknownCode });
        await world.settleDown();
        world.pass({ minutes: adapter().profile.paymentLifetimeMinutes + 1 });
        await world.turn('poll-pending-payments');
        assert.equal(await stateOf(payment), 'unknown');
        await assert.rejects(world.startPaymentAt(gateway, order), {
          code: 'payment-order.payment-in-flight',
        });
        await peer.decide(payment.reference, { kind: 'approve', evenIfClosed: true });
        await world.settleDown();
        assert.equal(await world.orderStatus(order), 'paid', 'and the money still counts');
      });
    }

    if (subject.tellsSecondCharges !== false) {
      it('promise 38: charged twice, one counts and the other goes back', async () => {
        const [order, payment] = await handedOff();
        await peer.decide(payment.reference, { kind: 'approve', charges: 2 });
        await world.settleDown();
        await world.settleDown();
        assert.equal(await world.orderStatus(order), 'paid');
        const surplus = await query<{ amount: bigint; source: string }>(
          world.db,
          `select amount, source from refunds where order_id = :id and source = 'surplus'`,
          { id: order.id },
        );
        if (adapter().refunds) assert.deepEqual(surplus, [{ amount: payment.amount, source: 'surplus' }]);
        else assert.ok(surplus.length > 0 || (await world.count('cases', `order_id = '${order.id}'`)) > 0);
      });
    }

    it("promise 24: a message to another account's address is refused", async () => {
      const [order, payment] = await handedOff();
      await peer.setSwitch('hold_notices', 1_000);
      await peer.decide(payment.reference, { kind: 'approve' });
      const elsewhere = await fetch(`${world.origin}/gateways/${gateway}/nobody/callback`, {
        method: 'POST',
      });
      assert.equal(elsewhere.status, 404);
      assert.equal(await world.orderStatus(order), 'open');
      await peer.setSwitch('hold_notices', 0);
    });

    (refunds ? describeRefunds : describeNoRefunds)();

    function describeRefunds(): void {
      describe('gives money back', () => {
        async function askForRefund(order: TestOrder, amount: number) {
          const available = (await agency.call('GET', `/v1/payment-orders/${order.publicId}`)).body;
          const asked = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
            body: {
              amount,
              amount_available: available.amount_paid - available.amount_refunded,
              reason: 'Nộp thừa',
            },
          });
          return asked;
        }

        async function approve(refundId: string): Promise<void> {
          const decided = await agency.callAsSecond('POST', `/v1/refunds/${refundId}/decision`, {
            body: { decision: 'approve' },
          });
          assert.equal(decided.status, 200, JSON.stringify(decided.body));
        }

        /** Turns of the job, as long as a gateway that works on it may need. */
        async function submit(refundId: string): Promise<string> {
          let state = '';
          for (let round = 0; round < 10; round += 1) {
            await world.settleDown();
            state = (await agency.call('GET', `/v1/refunds/${refundId}`)).body.state;
            if (state === 'succeeded' || state === 'failed') return state;
            world.pass({ minutes: 30 });
          }
          return state;
        }

        async function refundsOf({ reference }: TestPayment) {
          const payment = (await peer.payments()).find((one) => one.reference === reference);
          return (await peer.refunds()).filter(({ paymentId }) => paymentId === payment?.id);
        }

        it('in part, told to the agency', async () => {
          const [order, payment] = await paid();
          const { body } = await askForRefund(order, 30_000);
          await approve(body.id);
          assert.equal(await submit(body.id), 'succeeded');
          assert.deepEqual(
            (await refundsOf(payment)).map(({ amount }) => amount),
            [30_000n],
          );
          assert.equal(await world.orderStatus(order), 'partly_refunded');
          assert.ok((await world.eventTypes(order)).includes('refund.succeeded'));
        });

        it('promise 60: an answer lost on the way sends no second refund', async () => {
          const [order, payment] = await paid();
          const { body } = await askForRefund(order, 20_000);
          await approve(body.id);
          await peer.setSwitch('lose_refund_answer', 1);
          assert.equal(await submit(body.id), 'succeeded');
          assert.equal((await refundsOf(payment)).length, 1);
        });

        it('when the gateway takes its time', async () => {
          const [order, payment] = await paid();
          const { body } = await askForRefund(order, 10_000);
          await approve(body.id);
          await peer.setSwitch('refunds_processing', 1);
          assert.equal(await submit(body.id), 'succeeded');
          assert.equal((await refundsOf(payment)).length, 1);
        });

        it('and where the gateway refuses, the money is back in its account, with a case', async () => {
          const [order] = await paid();
          const before = (await world.balances(agency.agencyId))[2200] ?? 0n;
          const { body } = await askForRefund(order, 10_000);
          await approve(body.id);
          await peer.setSwitch('refunds_declined', 1);
          assert.equal(await submit(body.id), 'failed');
          assert.equal(await world.orderStatus(order), 'paid');
          assert.equal(
            (await world.balances(agency.agencyId))[2200] ?? 0n,
            before,
            'nothing is held any more',
          );
          assert.equal(await world.count('cases', `kind = 'refund_failed' and order_id = '${order.id}'`), 1);
        });
      });
    }

    function describeNoRefunds(): void {
      if (isTransfer) return;
      it('gives no money back, and says so before anybody waits for a decision', async () => {
        const [order] = await paid();
        const asked = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
          body: { amount: 10_000, amount_available: 180_000, reason: 'Nộp thừa' },
        });
        assert.equal(asked.status, 409);
        assert.equal(asked.body.code, 'refund.gateway-cannot');
        assert.match(asked.body.detail, /sends no money back/);
      });
    }
  });
}

/** A new version takes over while everybody goes on: processes are replaced one after the other, under traffic. */
import assert from 'node:assert/strict';
import { inParallel } from '../../src/platform/in-parallel.ts';
import { passOn } from '../support/balancer.ts';
import { startServiceProcess, type ServiceProcess } from '../support/child-process.ts';
import { runningClock } from '../support/clock.ts';
import { judgeCharges } from '../support/judge.ts';
import { scaled, scaledTimeout, times } from '../support/scale.ts';
import { startTestService } from '../support/service.ts';
import { until } from '../support/until.ts';

describe('a deployment', () => {
  const replacements = scaled(2, 20);
  it(`promise 96: no request fails and no event is lost or doubled while processes are replaced${times(replacements)}`, async () => {
    let serving: ServiceProcess | undefined;
    let faults = 0;
    const world = await startTestService({
      clock: runningClock(),
      front(request, response) {
        if (request.url?.startsWith('/sandbox/') || !serving) return false;
        passOn(request, response, serving.port, () => (faults += 1));
        return true;
      },
    });
    const started: ServiceProcess[] = [];
    const next = async (): Promise<ServiceProcess> => {
      const one = await startServiceProcess('serve', world.env);
      started.push(one);
      const ready = `http://127.0.0.1:${String(one.port)}/readyz`;
      await until(
        async () => (await fetch(ready).catch(() => null))?.status === 200,
        'the next version',
        30_000,
      );
      return one;
    };
    try {
      const agency = await world.addAgency('H29');
      serving = await next();
      let isReplacing = true;
      let answered = 0;
      const traffic = inParallel(Array.from({ length: 4 }), 4, async () => {
        while (isReplacing || answered < 40) {
          const [, payment] = await world.orderWithPayment(agency);
          await world.decide(payment, { kind: 'approve', manner: 'twice' });
          await world.bank.callbacks.pump();
          answered += 1;
        }
      });
      for (let round = 0; round < replacements; round += 1) {
        const before: ServiceProcess = serving;
        serving = await next();
        await before.stop();
      }
      isReplacing = false;
      await traffic;
      assert.equal(faults, 0, 'every request was answered');
      serving = undefined;
      await world.assertSound();
      const { charges, applied } = await judgeCharges(world);
      assert.equal(charges, answered);
      assert.equal(applied, answered);
      const arrived = await world.inbox.messages('H29');
      const events = await world.count('events');
      assert.equal(new Set(arrived.map(({ webhookId }) => webhookId)).size, events);
      assert.equal(arrived.length, events, 'none came twice');
    } finally {
      await Promise.all(started.filter((one) => one.isRunning()).map((one) => one.kill()));
      await world.stop();
    }
  }).timeout(scaledTimeout(60_000));
});

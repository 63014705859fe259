/** Each gateway in a real browser: from checkout to its other party's page, back, to the receipt and the webhook. */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { GATEWAY_STAND_INS } from '../../src/stand-ins/gateway-stand-ins.ts';
import { launchBrowser, skipsBrowserTests } from '../support/browser.ts';
import { startTestService, type TestAgency, type TestOrder, type TestService } from '../support/service.ts';

/** A transfer has no page to be sent to: its own test reads the QR code. */
const REDIRECTING = Object.keys(GATEWAY_STAND_INS).filter((code) => code !== 'vietqr');

describe('a citizen with a browser, through each gateway', function () {
  this.timeout(60_000);
  let world: TestService;
  let agency: TestAgency;
  let browser: Browser;

  before(async function () {
    if (skipsBrowserTests) this.skip();
    world = await startTestService({ env: { SANDBOX_GATEWAYS: 'all' } });
    agency = await world.addAgency('H29');
    browser = await launchBrowser();
  });
  after(async () => {
    if (skipsBrowserTests) return;
    await browser.close();
    await world.stop();
  });

  /** Chooses the method on the order's page and goes on to the other party's. */
  async function chosen(order: TestOrder, gateway: string): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'vi-VN' });
    const page = await context.newPage();
    const { body } = await agency.call('GET', `/v1/payment-orders/${order.publicId}`);
    await page.goto(body.checkout_url as string);
    await page.locator(`input[name="method"][value="${gateway}"]`).check({ force: true });
    await page.getByRole('button', { name: 'Thanh toán' }).click();
    return page;
  }

  async function refundInPart(order: TestOrder): Promise<void> {
    const asked = await agency.call('POST', `/v1/payment-orders/${order.publicId}/refunds`, {
      body: { amount: 30_000, amount_available: Number(order.amount), reason: 'Nộp thừa' },
    });
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    const { id } = asked.body as { id: string };
    await agency.callAsSecond('POST', `/v1/refunds/${id}/decision`, { body: { decision: 'approve' } });
    for (let round = 0; round < 8 && (await world.orderStatus(order)) === 'paid'; round += 1) {
      await world.settleDown();
      world.pass({ minutes: 30 });
    }
    assert.equal(await world.orderStatus(order), 'partly_refunded');
  }

  for (const gateway of REDIRECTING) {
    it(`${gateway}: pays, holds a receipt, and is given a part back`, async () => {
      const order = await world.openOrder(agency);
      const page = await chosen(order, gateway);
      assert.match(page.url(), new RegExp(`/sandbox/${gateway}/`));
      await page.getByRole('button', { name: 'Đồng ý thanh toán' }).click();
      await world.settleDown();
      await page.getByRole('heading', { name: 'Đã nộp thành công' }).waitFor();
      assert.match(await page.locator('main').innerText(), /Số 0000\d{3}/);
      await world.settleDown();
      assert.ok((await world.eventTypes(order)).includes('payment_order.paid'));
      const refunds = world.service.payments.gateways.get(gateway)?.refunds;
      if (refunds?.limits.partial) await refundInPart(order);
      await page.context().close();
      await world.assertSound();
    });
  }
});

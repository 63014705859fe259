/** A citizen with a real browser: on a phone and at a desk, with and without JavaScript, in both languages. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, skipsBrowserTests } from '../support/browser.ts';
import { startTestService, type TestAgency, type TestOrder, type TestService } from '../support/service.ts';

describe('a citizen with a browser', function () {
  this.timeout(60_000);
  let world: TestService;
  let agency: TestAgency;
  let browser: Browser;

  before(async function () {
    if (skipsBrowserTests) this.skip();
    world = await startTestService();
    agency = await world.addAgency('H29');
    browser = await launchBrowser();
  });
  after(async () => {
    if (skipsBrowserTests) return;
    await browser.close();
    await world.stop();
  });
  afterEach(async () => {
    if (!skipsBrowserTests) await world.assertSound();
  });

  async function open(
    order: TestOrder,
    how: { width: number; locale: string; scripts: boolean },
  ): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: how.width, height: 844 },
      locale: how.locale,
      javaScriptEnabled: how.scripts,
    });
    const page = await context.newPage();
    const { body } = await agency.call('GET', `/v1/payment-orders/${order.publicId}`);
    await page.goto(body.checkout_url as string);
    return page;
  }

  async function assertFitToUse(page: Page): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
      [],
      page.url(),
    );
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.equal(overflow, 0, 'the page is wider than the screen');
  }

  it('pays on a phone in Vietnamese and holds a receipt', async () => {
    const order = await world.openOrder(agency);
    const page = await open(order, { width: 390, locale: 'vi-VN', scripts: true });
    await assertFitToUse(page);
    assert.equal(await page.locator('h1').innerText(), 'Kiểm tra trước khi nộp tiền');

    await page.getByRole('button', { name: 'Thanh toán' }).click();
    assert.match(page.url(), /\/sandbox\/bank\/pay\//);
    await page.getByRole('button', { name: 'Đồng ý thanh toán' }).click();
    await page.getByRole('heading', { name: 'Đã nộp thành công' }).waitFor();
    await assertFitToUse(page);
    assert.match(await page.locator('main').innerText(), /Số 0000001/);
    assert.equal(await world.orderStatus(order), 'paid');

    await page.goBack();
    await page.reload();
    assert.equal(await world.count('gateway_transactions'), 1, 'the back button charges nobody');
    await page.context().close();
  });

  it('reads twice as large letters on the narrowest phone, with no amount broken inside its digits', async () => {
    const order = await world.openOrder(agency, {
      lines: [{ obligation_type: 'charge', description: 'Lệ phí', amount: 987_654_321 }],
    });
    const page = await open(order, { width: 320, locale: 'vi-VN', scripts: true });
    await page.evaluate("document.documentElement.style.fontSize = '200%'");
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.equal(overflow, 0, 'the page is wider than the screen');
    const linesOfGroups = await page.evaluate(`[...document.querySelector('.amount').childNodes]
      .filter(({ nodeType, textContent }) => nodeType === 3 && textContent.trim() !== '')
      .map((text) => {
        const range = document.createRange();
        range.selectNodeContents(text);
        return range.getClientRects().length;
      })`);
    assert.deepEqual(linesOfGroups, [1, 1, 1]);
    await page.context().close();
  });

  it('keeps the code of a transfer as a picture', async () => {
    const bank = await startTestService({ env: { SANDBOX_GATEWAYS: 'vietqr' } });
    const order = await bank.openOrder(await bank.addAgency('H29'));
    const payment = await bank.startPaymentAt('vietqr', order);
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'vi-VN' });
    const page = await context.newPage();
    const token = bank.service.links.tokenOf({ kind: 'payment', id: payment.id });
    await page.goto(`${bank.origin}/pay/${token}/bank`);
    await assertFitToUse(page);
    const saving = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Lưu ảnh mã' }).click();
    const saved = await saving;
    assert.match(saved.suggestedFilename(), /^VietQR-DVC[0-9A-Z]{12}\.png$/);
    const bytes = readFileSync(await saved.path());
    assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
    assert.ok(bytes.readUInt32BE(16) >= 600, 'large enough to be read by an app');
    await context.close();
    await bank.stop();
  });

  it('pays at a desk in English without JavaScript', async () => {
    const order = await world.openOrder(agency);
    const page = await open(order, { width: 1440, locale: 'en-GB', scripts: false });
    assert.equal(await page.locator('h1').innerText(), 'Check before you pay');
    await page.locator('main form button').click();
    await page.locator('form button').first().click();
    assert.equal(await page.locator('h1').innerText(), 'Payment received');
    assert.equal(await world.orderStatus(order), 'paid');
    await page.context().close();
  });

  it('reads the truth while the bank keeps silent, and the result once it speaks', async () => {
    const order = await world.openOrder(agency);
    const page = await open(order, { width: 320, locale: 'vi-VN', scripts: true });
    await page.getByRole('button', { name: 'Thanh toán' }).click();
    const payPage = page.url();
    const waiting = await page.context().newPage();
    await waiting.goto(
      (await agency.call('GET', `/v1/payment-orders/${order.publicId}`)).body.checkout_url as string,
    );
    await assertFitToUse(waiting);
    assert.match(await waiting.locator('main').innerText(), /Đừng (thanh toán|nộp) lại lúc này/);
    assert.doesNotMatch(
      await waiting.locator('main').innerText(),
      /không trừ tiền|Chưa có khoản tiền nào bị trừ/,
    );

    await page.goto(payPage);
    await page.getByRole('button', { name: 'Đồng ý thanh toán' }).click();
    await page.getByRole('heading', { name: 'Đã nộp thành công' }).waitFor();
    await page.context().close();
  });

  it('is told why, and that no money was taken, when the bank declines', async () => {
    const order = await world.openOrder(agency);
    const page = await open(order, { width: 390, locale: 'vi-VN', scripts: true });
    await page.getByRole('button', { name: 'Thanh toán' }).click();
    await page.getByRole('button', { name: 'Từ chối' }).click();
    await page.getByRole('heading', { name: 'Thanh toán không thành công' }).waitFor();
    await assertFitToUse(page);
    assert.match(await page.locator('main').innerText(), /Ngân hàng báo không trừ tiền/);
    assert.equal(await world.orderStatus(order), 'open');
    await page.context().close();
  });
});

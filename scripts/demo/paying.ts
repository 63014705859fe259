/** Told second: the citizen pays at the pretend bank; order, receipts and webhooks follow; nobody pays twice. */
import { z } from 'zod';
import { refusalOf } from './api-client.ts';
import { formsOf, formWith, openBrowser, titleOf, type Browser, type Page } from './browser.ts';
import type { Cast } from './main-job.ts';
import { dong, expect, tell, until } from './narration.ts';
import type { OpenedOrder } from './opening.ts';
import { event, inbox, order, receipt } from './shapes.ts';

export type Receipt = z.output<typeof receipt>;

export interface PaidOrder {
  readonly order: z.output<typeof order>;
  readonly paidAt: Date;
  readonly gatewayTransactionId: string;
  readonly receipts: readonly Receipt[];
}

export async function tellOfPaying(cast: Cast, opened: OpenedOrder): Promise<PaidOrder> {
  const browser = openBrowser();
  const orderPage = await payInBrowser(browser, opened);
  const paid = await until(`${opened.order.id} to be paid`, async () => {
    const now = await cast.client.get(`/v1/payment-orders/${opened.order.id}`, order);
    return now.status === 'open' ? null : now;
  });
  expect(
    paid.status === 'paid' && paid.amount_paid === opened.order.amount && paid.paid_at !== null,
    `the order to be paid with ${dong(opened.order.amount)}`,
    `it is ${paid.status} with ${dong(paid.amount_paid)}`,
  );
  tell(`The order is paid, at ${paid.paid_at}.`);

  const events = await arrived(cast, paid.id, [
    'payment_order.opened',
    'payment_order.paid',
    'receipt.issued',
  ]);
  const telling = events.find(({ type }) => type === 'payment_order.paid');
  const payment = telling?.data.payments.find(({ claim }) => claim === 'applied');
  expect(
    typeof payment?.gateway_transaction_id === 'string',
    "the event to name the bank's transaction",
    JSON.stringify(telling?.data.payments),
  );
  const transactionId = payment.gateway_transaction_id;
  const callback = await until(
    "the bank's callback to be taken",
    async () => (await bankSays(cast, transactionId)).callback,
  );
  tell(`The bank's signed callback for ${transactionId} was answered with ${String(callback.last_status)}.`);
  const ids = telling?.data.receipts.map(({ id }) => id) ?? [];
  const receipts = await Promise.all(ids.map((id) => cast.client.get(`/v1/receipts/${id}`, receipt)));
  const receipted = receipts.reduce((total, { amount }) => total + amount, 0);
  expect(
    receipted === paid.amount_paid,
    `receipts over ${dong(paid.amount_paid)}`,
    `they are over ${dong(receipted)}`,
  );
  const named = receipts.map(
    ({ form, symbol, number, amount }) => `${form} ${symbol} ${number} (${dong(amount)})`,
  );
  tell(`Receipts: ${named.join(', ')}.`);
  const told = events.map(({ sequence, type }) => `${sequence} ${type}`).join(', ');
  tell(`The agency's inbox has, each signature verified, without a gap: ${told}.`);

  await refuseSecondAttempt(cast, { browser, orderPage, opened }, transactionId);
  return {
    order: paid,
    paidAt: new Date(paid.paid_at),
    gatewayTransactionId: transactionId,
    receipts,
  };
}

/** As a citizen without JavaScript does. @returns the order's page as it was before paying */
async function payInBrowser(browser: Browser, { order: due }: OpenedOrder): Promise<Page> {
  const page = await browser.open(due.checkout_url);
  expect(page.status === 200, 'the order page', `${page.url} answered ${page.status}`);
  tell(`The citizen opens the order page, "${titleOf(page)}", and chooses the sandbox bank.`);
  const bankPage = await browser.send(page, formWith(page, 'name="method"'), { method: 'sandbox' });
  const approve = formWith(bankPage, 'value="approve"');
  tell(`The bank's page asks to pay; the citizen approves.`);
  const back = await browser.send(bankPage, approve);
  expect(back.status === 200, 'a page after paying', `${back.url} answered ${back.status}`);
  tell(`Back from the bank the citizen reads "${titleOf(back)}".`);
  return page;
}

const bankBook = z.object({
  charges: z.array(z.object({ transaction_id: z.string(), merchant_reference: z.string() })),
  callbacks: z.array(
    z.object({ subject: z.string(), is_done: z.boolean(), last_status: z.int().nullable() }),
  ),
});

/** The bank's own word: what it charged under the reference of a transaction, and whether we took its callback. */
async function bankSays({ demonstration }: Cast, gatewayTransactionId: string) {
  const answer = await fetch(`${demonstration.base_url}/sandbox/bank/book.json`);
  const { charges, callbacks } = bankBook.parse(await answer.json());
  const reference = charges.find(({ transaction_id: id }) => id === gatewayTransactionId)?.merchant_reference;
  return {
    charges: charges.filter((charge) => charge.merchant_reference === reference).length,
    callback: callbacks.find(({ subject, is_done: isDone }) => subject === reference && isDone) ?? null,
  };
}

async function refuseSecondAttempt(
  cast: Cast,
  { browser, orderPage, opened }: { browser: Browser; orderPage: Page; opened: OpenedOrder },
  gatewayTransactionId: string,
): Promise<void> {
  for (const page of [
    await browser.send(orderPage, formWith(orderPage, 'name="method"'), { method: 'sandbox' }),
    await browser.open(opened.order.checkout_url),
  ]) {
    const isPayable = formsOf(page).some(({ html }) => /name="method"|value="approve"/.test(html));
    expect(page.status === 200 && !isPayable, 'a page that takes no money', `${page.url} would take some`);
  }
  const { charges } = await bankSays(cast, gatewayTransactionId);
  expect(charges === 1, "one charge in the bank's book", `there are ${charges}`);
  tell(`Sending the pay form again leads to the paid order; the bank's book holds one charge.`);

  const { procedure_code: _procedure, ...rest } = opened.request;
  const again = await cast.client.ask('POST', '/v1/payment-orders', { ...rest, lines: [opened.penalty] });
  const code = refusalOf(again);
  expect(code === 'payment-order.already-paid', 'the same penalty to be refused', code);
  tell(`Asking for the same penalty again is refused: ${code}.`);
}

/** The order's events in the agency's inbox, by sequence, once these types are among them. */
export async function arrived(
  { agency }: Cast,
  orderId: string,
  types: readonly string[],
): Promise<z.output<typeof event>[]> {
  return until(`${types.join(', ')} in the agency's inbox`, async () => {
    const answer = await fetch(`${agency.webhook_inbox_url}.json`);
    const { messages } = inbox.parse(await answer.json());
    const bySequence = new Map<number, z.output<typeof event>>();
    for (const { body, verified } of messages) {
      if (!body.includes(orderId)) continue;
      expect(verified, 'every signature to verify', 'one did not');
      const told = event.parse(JSON.parse(body));
      if (told.data.payment_order.id === orderId) bySequence.set(told.sequence, told);
    }
    const events = [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
    const isGapless = events.every(({ sequence }, index) => sequence === index + 1);
    const isComplete = types.every((type) => events.some((told) => told.type === type));
    return isGapless && isComplete ? events : null;
  });
}

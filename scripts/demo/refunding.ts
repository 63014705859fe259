/** Told third: one client asks for a refund, another approves it, the bank pays back, the receipt is replaced. */
import type { z } from 'zod';
import { refusalOf } from './api-client.ts';
import type { Cast } from './main-job.ts';
import { dong, expect, surprise, tell, until } from './narration.ts';
import { arrived, type PaidOrder } from './paying.ts';
import { order, receipt, refund } from './shapes.ts';

export interface RefundedOrder {
  readonly refund: z.output<typeof refund>;
  readonly refundedAt: Date;
}

/** The line that goes back, counted from one: the certified copies. */
const LINE = 2;

export async function tellOfRefund(cast: Cast, paid: PaidOrder): Promise<RefundedOrder> {
  const { client, approver } = cast;
  const amount = paid.order.lines[LINE - 1]?.amount ?? 0;
  const asked = await client.post(
    `/v1/payment-orders/${paid.order.id}/refunds`,
    {
      amount,
      lines: [{ line: LINE, amount }],
      amount_available: paid.order.amount_paid - paid.order.amount_refunded,
      reason: 'The copies were not needed.',
    },
    refund,
  );
  expect(asked.state === 'requested', 'the refund to wait for a decision', `it is ${asked.state}`);
  tell(`The agency asks to give back ${dong(amount)} of line ${LINE}: ${asked.id} waits for a decision.`);

  const own = await client.ask('POST', `/v1/refunds/${asked.id}/decision`, { decision: 'approve' });
  expect(own.status === 403, 'whoever asked to be kept from approving', refusalOf(own));
  await approver.post(`/v1/refunds/${asked.id}/decision`, { decision: 'approve' }, refund);
  tell(`The client that asked may not approve it (${refusalOf(own)}); the approver does.`);

  const done = await until(`${asked.id} to succeed`, async () => {
    const now = await approver.get(`/v1/refunds/${asked.id}`, refund);
    if (now.state === 'failed' || now.state === 'rejected')
      surprise('the refund to succeed', `it ${now.state}`);
    return now.state === 'succeeded' ? now : null;
  });
  const after = await client.get(`/v1/payment-orders/${paid.order.id}`, order);
  expect(
    after.status === 'partly_refunded' && after.amount_refunded === amount && done.resolved_at !== null,
    `the order to be partly refunded by ${dong(amount)}`,
    `it is ${after.status} by ${dong(after.amount_refunded)}`,
  );
  tell(`The bank has paid back ${dong(done.amount)}: the order is ${after.status}.`);

  await tellOfReplacement(cast, paid, amount);
  const types = ['refund.requested', 'refund.succeeded', 'payment_order.partly_refunded', 'receipt.voided'];
  const events = await arrived(cast, paid.order.id, types);
  tell(
    `The inbox has all ${events.length} events of the order, verified and without a gap, refund included.`,
  );
  return { refund: done, refundedAt: new Date(done.resolved_at) };
}

async function tellOfReplacement({ client }: Cast, paid: PaidOrder, amount: number): Promise<void> {
  const now = await Promise.all(paid.receipts.map(({ id }) => client.get(`/v1/receipts/${id}`, receipt)));
  const [voided, ...others] = now.filter(({ state }) => state === 'voided');
  expect(
    voided !== undefined && voided.replaced_by !== null && others.length === 0,
    'one receipt to be voided and replaced',
    JSON.stringify(now),
  );
  const replacement = await client.get(`/v1/receipts/${voided.replaced_by}`, receipt);
  expect(
    replacement.amount === voided.amount - amount && replacement.replaces === voided.id,
    `a receipt over ${dong(voided.amount - amount)} in its place`,
    JSON.stringify(replacement),
  );
  tell(
    `Receipt ${voided.symbol} ${voided.number} is void, ${replacement.symbol} ${replacement.number} over ` +
      `${dong(replacement.amount)} stands in its place.`,
  );
}

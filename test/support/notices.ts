/** Notices as the sandbox bank sends them, made byte by byte here, so that a test can send any, whenever and however often. */
import { createHmac } from 'node:crypto';
import { SANDBOX_MERCHANT, SANDBOX_SECRET, type TestPayment, type TestService } from './service.ts';

type Paid = Pick<TestPayment, 'reference' | 'amount'>;

export interface Notice {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface NoticeAnswer {
  readonly status: number;
  readonly text: string;
}

/** What the bank says of a payment: the members of one item. */
export function approved(
  payment: Paid,
  how: {
    readonly transactionId?: string;
    readonly amount?: string;
    readonly currency?: string;
    readonly paidAt?: Date;
  } = {},
): Record<string, string> {
  return {
    type: 'payment',
    merchant_reference: payment.reference,
    transaction_id: how.transactionId ?? `T${payment.reference}`,
    status: 'approved',
    code: '00',
    amount: how.amount ?? payment.amount.toString(),
    currency: how.currency ?? 'VND',
    ...(how.paidAt ? { paid_at: how.paidAt.toISOString() } : {}),
  };
}

export function declined(payment: Paid, code = '51'): Record<string, string> {
  return { type: 'payment', merchant_reference: payment.reference, status: 'declined', code };
}

export function pending(payment: Paid, code = '09'): Record<string, string> {
  return { type: 'payment', merchant_reference: payment.reference, status: 'pending', code };
}

let notices = 0;

/** One notice, signed now by the world's clock unless told otherwise. Two calls make two different notices. */
export function notice(
  world: Pick<TestService, 'clock'>,
  items: readonly Record<string, string>[],
  how: { readonly secret?: string; readonly merchantId?: string; readonly signedAt?: Date } = {},
): Notice {
  notices += 1;
  const now = world.clock.now();
  const body = JSON.stringify({
    merchant_id: how.merchantId ?? SANDBOX_MERCHANT,
    notice_id: `N${String(notices)}`,
    items: items.map((item) =>
      item['status'] === 'approved' && !('paid_at' in item) ? { ...item, paid_at: now.toISOString() } : item,
    ),
  });
  return { body, headers: signed(body, how.signedAt ?? now, how.secret) };
}

/** The headers of a genuine notice over any bytes. */
export function signed(body: string, at: Date, secret = SANDBOX_SECRET): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return {
    'content-type': 'application/json',
    'sandbox-timestamp': timestamp,
    'sandbox-signature': `v1=${signature}`,
  };
}

/** Sends a notice to the gateways' door. */
export async function send(
  world: Pick<TestService, 'origin'>,
  { body, headers }: Notice,
  path = '/gateways/sandbox/callback',
): Promise<NoticeAnswer> {
  const answer = await fetch(world.origin + path, { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text() };
}

/** Makes and sends in one. */
export function tell(
  world: Pick<TestService, 'origin' | 'clock'>,
  ...items: readonly Record<string, string>[]
): Promise<NoticeAnswer> {
  return send(world, notice(world, items));
}

/** Stripe's side of the protocol, written for the tests alone: shares no code with the adapter. */
import { createHmac } from 'node:crypto';
import type { GatewayHttp, GatewayHttpRequest } from '../../../src/platform/gateway-http.ts';
import { createStripeAdapter } from '../../../src/gateways/stripe/adapter.ts';
import type { MerchantAccount, RawMessage } from '../../../src/gateways/gateway-adapter.ts';
import type { ContractSubject, ToldPayment } from '../contract.ts';

export const WEBHOOK_SECRET = 'whsec_test_secret';

export const ACCOUNT: MerchantAccount = {
  code: 'platform',
  merchantId: 'acct_1PDVC',
  secrets: [{ apiKey: 'sk_test_51PDVC', webhook: WEBHOOK_SECRET }],
  settings: {},
};

export type Members = Readonly<Record<string, unknown>>;

const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

export function signatureOf(body: string | Uint8Array, timestamp: string, secret = WEBHOOK_SECRET): string {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
}

/** A signed POST of exactly these bytes. */
export function signedMessage(body: string | Uint8Array, sentAt: Date, secret = WEBHOOK_SECRET): RawMessage {
  const timestamp = String(seconds(sentAt));
  return {
    method: 'POST',
    query: '',
    headers: new Map([
      ['content-type', ['application/json; charset=utf-8']],
      ['stripe-signature', [`t=${timestamp},v1=${signatureOf(body, timestamp, secret)}`]],
    ]),
    body: typeof body === 'string' ? Buffer.from(body) : body,
  };
}

export function event(type: string, object: Members, createdAt: Date, changes: Members = {}): string {
  return JSON.stringify({
    id: 'evt_1PIabc',
    object: 'event',
    api_version: '2026-10-28.endive',
    created: seconds(createdAt),
    data: { object },
    livemode: false,
    type,
    ...changes,
  });
}

export function session(payment: ToldPayment, changes: Members = {}): Members {
  const { merchantReference } = payment;
  return {
    id: 'cs_test_a1b2',
    object: 'checkout.session',
    amount_total: Number(payment.amount.amountMinor),
    client_reference_id: merchantReference,
    currency: payment.amount.currency.toLowerCase(),
    metadata: { merchant_id: ACCOUNT.merchantId, reference: merchantReference },
    mode: 'payment',
    payment_intent: payment.gatewayTransactionId,
    ...statesOf(payment.code),
    ...changes,
  };
}

export function intent(payment: ToldPayment, changes: Members = {}): Members {
  return {
    id: payment.gatewayTransactionId,
    object: 'payment_intent',
    amount: Number(payment.amount.amountMinor),
    amount_received: Number(payment.amount.amountMinor),
    created: seconds(payment.paidAt) - 20,
    currency: payment.amount.currency.toLowerCase(),
    last_payment_error: null,
    latest_charge: 'ch_3PIabc',
    metadata: { merchant_id: ACCOUNT.merchantId, reference: payment.merchantReference },
    status: 'succeeded',
    ...changes,
  };
}

/** A session as it is retrieved with its intent and the intent's charge. */
export function wholeSession(payment: ToldPayment, changes: Members = {}): Members {
  const charge = { id: 'ch_3PIabc', object: 'charge', created: seconds(payment.paidAt) };
  const isPaid = payment.code === undefined;
  const status = isPaid ? 'succeeded' : 'processing';
  const expanded = intent(payment, { latest_charge: isPaid ? charge : null, status });
  return session(payment, { payment_intent: payment.code === 'expired' ? null : expanded, ...changes });
}

function statesOf(code: string | undefined): Members {
  if (code === undefined) return { status: 'complete', payment_status: 'paid' };
  if (code === 'expired') return { status: 'expired', payment_status: 'unpaid' };
  return { status: 'complete', payment_status: code };
}

export function refund(request: {
  readonly refundReference: string;
  readonly gatewayTransactionId: string;
  readonly amount: { readonly amountMinor: bigint };
}): Members {
  return {
    id: 're_3PIabc',
    object: 'refund',
    amount: Number(request.amount.amountMinor),
    created: 1_795_316_400,
    currency: 'vnd',
    metadata: { merchant_id: ACCOUNT.merchantId, refund_reference: request.refundReference },
    payment_intent: request.gatewayTransactionId,
    status: 'succeeded',
  };
}

export function list(...data: readonly Members[]): Members {
  return { object: 'list', url: '/v1/list', has_more: false, data };
}

/** HTTP that answers each call as `answerOf` says; the calls made are in `asked`. */
export function answering(
  answerOf: (request: GatewayHttpRequest) => Members,
  status = 200,
): GatewayHttp & { readonly asked: GatewayHttpRequest[] } {
  const asked: GatewayHttpRequest[] = [];
  const fetch: GatewayHttp = (request) => {
    asked.push(request);
    const body = Buffer.from(JSON.stringify(answerOf(request)));
    return Promise.resolve({ status, headers: new Map(), body });
  };
  return Object.assign(fetch, { asked });
}

export function createAdapter(fetch: GatewayHttp, now: Date) {
  return createStripeAdapter(
    { fetch, clock: { now: () => now } },
    { apiUrl: 'https://api.stripe.test', payOrigin: 'https://checkout.stripe.com' },
  );
}

export const stripeSubject: ContractSubject = {
  name: 'stripe',
  create: createAdapter,
  account: ACCOUNT,
  otherMerchant: { ...ACCOUNT, merchantId: 'acct_1POTHER' },
  gatewayTransactionId: 'pi_3PIabc0001',
  callback(payment, sentAt) {
    const type = payment.code === 'expired' ? 'checkout.session.expired' : 'checkout.session.completed';
    return signedMessage(event(type, session(payment), payment.paidAt), sentAt);
  },
  unknownCode: 'surprising',
  declinedCode: 'expired',
  staleAfterSeconds: 300,
  startAnswer: (request) =>
    answering(() => ({
      ...session({
        merchantReference: request.merchantReference,
        gatewayTransactionId: '',
        amount: request.amount,
        paidAt: request.startedAt,
      }),
      status: 'open',
      payment_status: 'unpaid',
      payment_intent: null,
      expires_at: seconds(request.startedAt) + 40 * 60,
      url: 'https://checkout.stripe.com/c/pay/cs_test_a1b2#fid1d2Blah',
    })),
  queryAnswer(payment, merchantReference) {
    if (payment === 'not_known') return answering(() => list());
    const told = payment === 'forged' ? forgedPayment(merchantReference) : payment;
    const metadata = { merchant_id: 'acct_1POTHER', reference: merchantReference };
    const whole = payment === 'forged' ? wholeSession(told, { metadata }) : wholeSession(told);
    const listed = session({ ...told, merchantReference });
    return answering(({ url }) => (url.includes('/cs_test_a1b2') ? whole : list(listed)));
  },
  refundAnswer(answer, request) {
    const made = refund(request);
    const told = answer === 'forged' ? { ...made, payment_intent: 'pi_3POTHER' } : made;
    return answering(({ method }) => (method === 'POST' ? told : list(told)));
  },
};

function forgedPayment(merchantReference: string): ToldPayment {
  return {
    merchantReference,
    gatewayTransactionId: 'pi_3PIabc0001',
    amount: { amountMinor: 503_000n, currency: 'VND' },
    paidAt: new Date('2026-11-22T02:59:30Z'),
  };
}

/** Stripe, played for trying out: one account in test mode, its Checkout pages, and the events it sends. */
import { createHmac } from 'node:crypto';
import { createPeer, type PeerOptions } from '../peer/peer.ts';
import type { OutgoingMessage, Truth } from '../peer/peer-types.ts';
import type { GatewayStandIn } from '../gateway-stand-ins.ts';
import { createStripeApi } from './stripe-api.ts';
import {
  ASYNC_FAILED,
  EXPIRED,
  json,
  paymentEvent,
  PROCESSING,
  refundEvent,
  UNKNOWN,
  type StripeAccount,
  type StripeObject,
} from './stripe-objects.ts';

export const STAND_IN_ACCOUNT: StripeAccount = {
  id: 'acct_standin',
  secretKey: 'sk_test_standin_secret_key',
  webhookSecret: 'whsec_standin_endpoint_secret',
};

const DAY_SECONDS = 24 * 60 * 60;
const RETRY_FOR_SECONDS = 3 * DAY_SECONDS;

export function createStripeStandIn(options: PeerOptions): GatewayStandIn {
  const account = STAND_IN_ACCOUNT;
  /** Stripe calls where the Dashboard says, not where a request does: the platform's callback of this installation. */
  const endpointUrl = (): string => new URL('/gateways/stripe/callback', options.baseUrl()).href;

  const peer = createPeer(options, (answer) => ({
    gateway: 'stripe',
    name: 'Stripe',
    declineCodes: [
      { code: EXPIRED, meaning: 'the session is closed unpaid' },
      { code: 'insufficient_funds', meaning: 'the card is declined, another may be tried' },
      { code: 'generic_decline', meaning: 'the card is declined without a reason' },
      { code: ASYNC_FAILED, meaning: 'a delayed method was refused in the end' },
    ],
    unknownCode: UNKNOWN,
    processingCode: PROCESSING,
    transactionId: (number) => `pi_standin${number.toString().padStart(14, '0')}`,
    paymentNotice: (news, truth, now) =>
      signed(news.payment.callbackUrl, { truth, now }, (amount) => paymentEvent(news, now, amount)),
    refundNotice: (news, truth, now) =>
      signed(news.payment.callbackUrl, { truth, now }, (amount) => refundEvent(news, now, amount)),
    wayBack: ({ payment, charge }) =>
      charge ? payment.returnUrl : (payment.details['cancel_url'] ?? payment.returnUrl),
    isAccepted: ({ status }) => status >= 200 && status <= 299,
    pauseSeconds,
    api: (desk) => createStripeApi({ desk, account, answer, endpointUrl }),
  }));

  return {
    peer,
    variables: {
      STRIPE_ACCOUNT_ID: account.id,
      STRIPE_SECRET_KEY: account.secretKey,
      STRIPE_WEBHOOK_SECRET: account.webhookSecret,
      STRIPE_API_URL: options.baseUrl(),
      STRIPE_PAY_ORIGIN: new URL(options.baseUrl()).origin,
    },
  };
}

const ALTERED_AMOUNT = 1_000n;

/** Signed at the moment of sending, each time anew (docs.stripe.com/webhooks/signature, read 2026-11-25). */
function signed(
  url: string,
  { truth, now }: { readonly truth: Truth; readonly now: Date },
  event: (amount?: bigint) => StripeObject,
): OutgoingMessage {
  const genuine = json(event());
  const secret = truth === 'forged' ? 'whsec_of_somebody_else' : STAND_IN_ACCOUNT.webhookSecret;
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${genuine}`).digest('hex');
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': `t=${timestamp},v1=${signature},v0=${'0'.repeat(64)}`,
    },
    body: truth === 'altered' ? json(event(ALTERED_AMOUNT)) : genuine,
  };
}

/** Longer and longer, for three days in all (docs.stripe.com/webhooks#retries names no schedule, read 2026-11-25). */
function pauseSeconds(attempts: number): number | null {
  const pause = Math.min(60 * 2 ** attempts, DAY_SECONDS / 2);
  const spent = Array.from({ length: attempts }, (_, index) => Math.min(60 * 2 ** index, DAY_SECONDS / 2));
  return spent.reduce((sum, one) => sum + one, 0) > RETRY_FOR_SECONDS ? null : pause;
}

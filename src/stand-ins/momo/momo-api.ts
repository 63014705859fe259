/** The played MoMo's API: create, query, confirm, refund and refund/query of version 2. */
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { AnswerDoor, Operation } from '../peer/peer.ts';
import type { PeerDesk, PeerPayment, PeerRefund } from '../peer/peer-types.ts';
import { createRequestMemory, type Worded } from './momo-idempotency.ts';
import { isPartnersSignature, PARTNER } from './momo-signature.ts';

const LIFETIME_MS = 15 * 60_000;
const LEAST = 1_000;
const MOST = 50_000_000;

const orderId = z
  .string()
  .max(50)
  .regex(/^[0-9a-zA-Z]([-_.]?[0-9a-zA-Z])*$/);
const requestId = z.string().min(1).max(50);
const common = {
  partnerCode: z.string(),
  orderId,
  requestId,
  lang: z.enum(['vi', 'en']),
  signature: z.string(),
};
const long = z.int().positive();
const webAddress = z.url({ protocol: /^https?$/ });

const CreateBody = z.object({
  ...common,
  amount: long,
  orderInfo: z.string().min(1),
  redirectUrl: webAddress,
  ipnUrl: webAddress.refine((url) => !url.includes('?'), 'must be without a query string'),
  requestType: z.literal('captureWallet'),
  extraData: z.string(),
  autoCapture: z.boolean().default(true),
});
const QueryBody = z.object(common);
const ConfirmBody = z.object({
  ...common,
  amount: long,
  requestType: z.enum(['capture', 'cancel']),
  description: z.string().default(''),
});
const RefundBody = z.object({ ...common, amount: long, transId: long, description: z.string().default('') });

const SIGNED = {
  create: [
    'amount',
    'extraData',
    'ipnUrl',
    'orderId',
    'orderInfo',
    'partnerCode',
    'redirectUrl',
    'requestId',
    'requestType',
  ],
  query: ['orderId', 'partnerCode', 'requestId'],
  confirm: ['amount', 'description', 'orderId', 'partnerCode', 'requestId', 'requestType'],
  refund: ['amount', 'description', 'orderId', 'partnerCode', 'requestId', 'transId'],
} as const;

type Shape<Body> = z.ZodType<Body & { readonly orderId: string; readonly requestId: string }>;

export function momoApi(desk: PeerDesk, answerDoor: AnswerDoor): Router {
  const once = createRequestMemory();
  /** Payments whose held money the merchant has taken. */
  const captured = new Set<string>();
  const router = express.Router();
  router.use(express.raw({ type: () => true, limit: '64kb' }));

  function door<Body>(
    path: string,
    signed: readonly string[],
    shape: Shape<Body>,
    operation: Operation,
    work: (body: Body) => Promise<Worded>,
  ): void {
    router.post(path, async (request, response) => {
      const members = decoded(request);
      const fault = faultOf(members, signed);
      const body = shape.safeParse(members);
      if (fault || !body.success) {
        const worded = fault ?? { resultCode: 20, message: 'Bad format request.' };
        await send(response, operation, members, { status: 400, ...worded });
        return;
      }
      const answer = await once(body.data.requestId, () => work(body.data));
      await send(response, operation, members, answer);
    });
  }

  async function send(
    response: Response,
    operation: Operation,
    members: Readonly<Record<string, unknown>>,
    { status, resultCode, message, rest }: Worded & { readonly status: number },
  ): Promise<void> {
    const { partnerCode, orderId: asked, requestId: by } = members;
    const responseTime = desk.clock.now().getTime();
    await answerDoor(response, operation, {
      status,
      headers: { 'content-type': 'application/json;charset=UTF-8' },
      body: JSON.stringify({
        partnerCode,
        orderId: asked,
        requestId: by,
        ...rest,
        responseTime,
        message,
        resultCode,
      }),
    });
  }

  door('/v2/gateway/api/create', SIGNED.create, CreateBody, 'create', async (body) => {
    if (body.amount < LEAST || body.amount > MOST) return { resultCode: 22, message: 'Amount out of range.' };
    const { payment, isNew } = await desk.takePayment({
      merchantId: body.partnerCode,
      reference: body.orderId,
      amount: BigInt(body.amount),
      description: body.orderInfo,
      locale: body.lang,
      returnUrl: body.redirectUrl,
      callbackUrl: body.ipnUrl,
      expiresAt: new Date(desk.clock.now().getTime() + LIFETIME_MS),
      details: {
        requestId: body.requestId,
        extraData: body.extraData,
        autoCapture: String(body.autoCapture),
      },
    });
    if (!isNew && payment.details['requestId'] !== body.requestId) {
      return { resultCode: 41, message: 'OrderId is duplicated.' };
    }
    const rest = { amount: Number(payment.amount), payUrl: desk.payPageUrl(payment) };
    return { resultCode: 0, message: 'Thành công.', rest };
  });

  door('/v2/gateway/api/query', SIGNED.query, QueryBody, 'query', async (body) => {
    const payment = await desk.findPayment(body.partnerCode, body.orderId);
    if (!payment) return { resultCode: 42, message: 'OrderId is not found.' };
    return stateOf(desk, payment, captured);
  });

  door('/v2/gateway/api/confirm', SIGNED.confirm, ConfirmBody, 'query', async (body) => {
    const payment = await desk.findPayment(body.partnerCode, body.orderId);
    const [charge] = payment ? await desk.chargesOf(payment) : [];
    if (!payment || !charge) return { resultCode: 42, message: 'OrderId is not found.' };
    const isHeld = payment.details['autoCapture'] === 'false' && !captured.has(payment.id);
    if (!isHeld || body.requestType !== 'capture') {
      return { resultCode: 47, message: 'Inapplicable information.' };
    }
    if (BigInt(body.amount) !== charge.amount) return { resultCode: 21, message: 'Invalid amount.' };
    captured.add(payment.id);
    const rest = {
      amount: Number(charge.amount),
      transId: Number(charge.transactionId),
      requestType: 'capture',
    };
    return { resultCode: 0, message: 'Thành công.', rest };
  });

  door('/v2/gateway/api/refund', SIGNED.refund, RefundBody, 'refund', async (body) => {
    if (body.amount < LEAST || body.amount > MOST) return { resultCode: 22, message: 'Amount out of range.' };
    if (await desk.findPayment(body.partnerCode, body.orderId)) {
      return { resultCode: 41, message: 'OrderId is duplicated.' };
    }
    const taken = await desk.takeRefund({
      merchantId: body.partnerCode,
      refundReference: body.orderId,
      transactionId: String(body.transId),
      amount: BigInt(body.amount),
      details: { requestId: body.requestId },
    });
    if (taken.kind === 'no_such_charge') return { resultCode: 42, message: 'Transaction is not found.' };
    if (taken.kind === 'too_much') return { resultCode: 1081, message: 'Refund is rejected.' };
    const { refund, isNew } = taken;
    if (!isNew && refund.details['requestId'] !== body.requestId) {
      return { resultCode: 41, message: 'OrderId is duplicated.' };
    }
    const rest = { amount: Number(refund.amount), transId: Number(refund.refundId) };
    return { resultCode: refundCode(refund), message: 'Refund.', rest };
  });

  door('/v2/gateway/api/refund/query', SIGNED.query, QueryBody, 'query', async (body) => {
    const refund = await desk.findRefund(body.partnerCode, body.orderId);
    if (!refund) return { resultCode: 42, message: 'OrderId is not found.' };
    return { resultCode: 0, message: 'Thành công.', rest: { refundTrans: [refundRow(refund)] } };
  });

  return router;
}

async function stateOf(desk: PeerDesk, payment: PeerPayment, captured: ReadonlySet<string>): Promise<Worded> {
  const [charge] = await desk.chargesOf(payment);
  const rest = {
    extraData: payment.details['extraData'],
    amount: Number(charge?.amount ?? payment.amount),
    transId: Number(charge?.transactionId ?? 0),
    payType: charge ? 'qr' : '',
    refundTrans: (await desk.refundsOf(payment)).map(refundRow),
    lastUpdated: (charge?.chargedAt ?? payment.createdAt).getTime(),
  };
  const worded = (resultCode: number): Worded => ({ resultCode, message: 'Query.', rest });
  if (charge) {
    const isHeld = payment.details['autoCapture'] === 'false' && !captured.has(payment.id);
    return worded(isHeld ? 9000 : 0);
  }
  if (payment.state === 'declined') return worded(Number(payment.code));
  if (payment.state === 'processing') return worded(7002);
  return worded(payment.expiresAt > desk.clock.now() ? 1000 : 1005);
}

function refundRow(refund: PeerRefund) {
  return {
    orderId: refund.refundReference,
    amount: Number(refund.amount),
    resultCode: refundCode(refund),
    transId: Number(refund.refundId),
    // Text here, a number everywhere else: so it stands in MoMo's examples.
    createdTime: (refund.refundedAt ?? refund.askedAt).getTime().toString(),
  };
}

function refundCode({ state }: PeerRefund): number {
  return { approved: 0, processing: 7002, declined: 1088 }[state];
}

/** Who asks, and whether it is signed: before anything else is looked at. */
function faultOf(members: Readonly<Record<string, unknown>>, signed: readonly string[]): Worded | null {
  if (members['partnerCode'] !== PARTNER.code) return { resultCode: 13, message: 'Unknown partner.' };
  const texts = Object.fromEntries(signed.map((name) => [name, textual(members[name])]));
  const { signature } = members;
  return typeof signature === 'string' && isPartnersSignature(texts, signature)
    ? null
    : { resultCode: 13, message: 'Merchant authentication failed.' };
}

function textual(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function decoded({ body }: Request): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

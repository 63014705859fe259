/** The played ZaloPay's API: create, query, refund and query_refund of version 2, as forms or JSON. */
import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import type { AnswerDoor, Operation } from '../peer/peer.ts';
import type { PeerDesk, PeerPayment, PeerRefund } from '../peer/peer-types.ts';
import { APP, isMerchantsMac, vietnamDay } from './zalopay-mac.ts';

const MOST_APART_MS = 15 * 60_000;

const whole = z.string().regex(/^[1-9]\d{0,15}$/);
const common = { app_id: whole, mac: z.string() };
const webAddress = z.url({ protocol: /^https?$/ });

const CreateBody = z.object({
  ...common,
  app_user: z.string().min(1).max(50),
  app_trans_id: z
    .string()
    .max(40)
    .regex(/^\d{6}_?[A-Za-z0-9_.-]+$/),
  app_time: whole,
  expire_duration_seconds: z.coerce.number().int().min(300).max(2_592_000).default(900),
  amount: whole,
  item: z.string().max(2048),
  embed_data: z.string().max(1024),
  description: z.string().min(1).max(256),
  callback_url: webAddress,
});
const QueryBody = z.object({ ...common, app_trans_id: z.string().max(40) });
const RefundBody = z.object({
  ...common,
  m_refund_id: z.string().max(45),
  zp_trans_id: z.string().max(15),
  amount: whole,
  timestamp: whole,
  description: z.string().min(1).max(100),
});
const RefundQueryBody = z.object({ ...common, m_refund_id: z.string().max(45), timestamp: whole });

/** `return_code`, `sub_return_code`, and whatever else is told. */
type Worded = readonly [code: number, sub: number, rest?: Readonly<Record<string, unknown>>];

export function zaloPayApi(desk: PeerDesk, answerDoor: AnswerDoor): Router {
  const router = express.Router();
  router.use(express.urlencoded({ extended: false, limit: '64kb' }), express.json({ limit: '64kb' }));

  function door<Body extends { readonly app_id: string; readonly mac: string }>(
    path: string,
    shape: z.ZodType<Body>,
    signed: (body: Body) => readonly string[],
    operation: Operation,
    work: (body: Body) => Promise<Worded>,
  ): void {
    router.post(path, async (request, response) => {
      const body = shape.safeParse(textsOf(request));
      const isOurs = body.success && body.data.app_id === APP.id;
      const [code, sub, rest = {}] = !body.success
        ? [-401, -401]
        : !isOurs || !isMerchantsMac(signed(body.data), body.data.mac)
          ? [-402, -402]
          : await work(body.data);
      const words = {
        return_code: code,
        return_message: code === 1 ? 'Giao dịch thành công' : 'Giao dịch không thành công',
        sub_return_code: sub,
        sub_return_message: '',
      };
      await answerDoor(response, operation, {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...words, ...rest }),
      });
    });
  }

  const isNow = (milliseconds: string): boolean =>
    Math.abs(desk.clock.now().getTime() - Number(milliseconds)) <= MOST_APART_MS;

  door(
    '/v2/create',
    CreateBody,
    (body) => [
      body.app_id,
      body.app_trans_id,
      body.app_user,
      body.amount,
      body.app_time,
      body.embed_data,
      body.item,
    ],
    'create',
    async (body) => {
      const returnUrl = redirectOf(body.embed_data);
      const isToday = body.app_trans_id.startsWith(vietnamDay(desk.clock.now()));
      if (returnUrl === null || !isToday) return [-401, -401];
      if (!isNow(body.app_time)) return [2, -54];
      const { payment, isNew } = await desk.takePayment({
        merchantId: body.app_id,
        reference: body.app_trans_id,
        amount: BigInt(body.amount),
        description: body.description,
        locale: 'vi',
        returnUrl,
        callbackUrl: body.callback_url,
        expiresAt: new Date(desk.clock.now().getTime() + body.expire_duration_seconds * 1000),
        details: {
          appTime: body.app_time,
          appUser: body.app_user,
          embedData: body.embed_data,
          item: body.item,
        },
      });
      if (!isNew) return [2, -68];
      return [1, 1, { order_url: desk.payPageUrl(payment), zp_trans_token: payment.id }];
    },
  );

  door(
    '/v2/query',
    QueryBody,
    (body) => [body.app_id, body.app_trans_id, APP.key1],
    'query',
    async (body) => {
      const payment = await desk.findPayment(body.app_id, body.app_trans_id);
      return payment ? stateOf(desk, payment) : [2, -101];
    },
  );

  door(
    '/v2/refund',
    RefundBody,
    (body) => [body.app_id, body.zp_trans_id, body.amount, body.description, body.timestamp],
    'refund',
    async (body) => {
      if (!isNow(body.timestamp)) return [2, -13];
      const [day, app, own] = body.m_refund_id.split('_');
      if (day === undefined || !own || !/^\d{6}$/.test(day)) return [2, -24];
      if (day !== vietnamDay(desk.clock.now())) return [2, -25];
      if (app !== APP.id) return [2, -26];
      const taken = await desk.takeRefund({
        merchantId: body.app_id,
        refundReference: body.m_refund_id,
        transactionId: body.zp_trans_id,
        amount: BigInt(body.amount),
        details: {},
      });
      if (taken.kind === 'no_such_charge') return [2, -101];
      if (taken.kind === 'too_much') return [2, -14];
      // Refunds are worked on after they are taken, all of them: what became of one is learned by asking.
      return taken.isNew ? [3, 2, { refund_id: Number(taken.refund.refundId) }] : [2, -23];
    },
  );

  door(
    '/v2/query_refund',
    RefundQueryBody,
    (body) => [body.app_id, body.m_refund_id, body.timestamp],
    'query',
    async (body) => {
      const refund = await desk.findRefund(body.app_id, body.m_refund_id);
      return refund ? REFUND_STATES[refund.state] : [2, -101];
    },
  );

  return router;
}

const REFUND_STATES: Readonly<Record<PeerRefund['state'], Worded>> = {
  approved: [1, 1],
  processing: [3, 2],
  declined: [2, 0],
};

async function stateOf(desk: PeerDesk, payment: PeerPayment): Promise<Worded> {
  const [charge] = await desk.chargesOf(payment);
  if (charge) {
    const told = {
      is_processing: false,
      amount: Number(charge.amount),
      zp_trans_id: Number(charge.transactionId),
      server_time: charge.chargedAt.getTime(),
      discount_amount: 0,
    };
    return [1, 1, told];
  }
  const untold = { is_processing: payment.state === 'processing', amount: 0, zp_trans_id: 0 };
  if (payment.state === 'declined') return [2, Number(payment.code), untold];
  const isLiving = payment.state === 'processing' || payment.expiresAt > desk.clock.now();
  return isLiving ? [3, 0, untold] : [2, -54, untold];
}

/** A form's values, or JSON's with its numbers as text. */
function textsOf(request: Request): Readonly<Record<string, unknown>> {
  const fields = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'number' ? String(value) : value]),
  );
}

function redirectOf(embedData: string): string | null {
  try {
    const value: unknown = JSON.parse(embedData);
    const { redirecturl } = z.object({ redirecturl: webAddress }).parse(value);
    return redirecturl;
  } catch {
    return null;
  }
}

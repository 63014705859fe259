/** What KeyPay answers its clients. Source: the calls in VietOpenCPS/opencps-v2, modules/pay-gate-integration, read 2026-11-25. */
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { AnswerDoor, Operation } from '../peer/peer.ts';
import type { PeerDesk } from '../peer/peer-types.ts';
import { PAID, STAND_IN_CLIENT, sum, WAITING } from './keypay-client.ts';

export interface KeyPayApiDeps {
  readonly desk: PeerDesk;
  readonly answer: AnswerDoor;
  readonly callbackUrl: () => string;
  /** The status of a payment that is being worked on. */
  readonly processing: string;
}

const PAGE_LIFE_MS = 15 * 60_000;

const identifier = z.string().regex(/^[A-Za-z0-9_-]{1,20}$/);
const CreateBody = z.object({
  client_id: z.string(),
  transaction_id: identifier,
  trans_amount: z.string().regex(/^[1-9]\d{0,15}$/),
  command: z.literal('PAY'),
  version: z.literal('3.0'),
  description: z.string().min(1),
  locale: z.literal('vn'),
  country_code: z.literal('vi'),
  currency_code: z.literal('VND'),
  environment: z.enum(['1', '2']),
  bill_info: z.object({ MaDichVu: z.string(), NoiDungThanhToan: z.string() }),
  return_url: z.url({ protocol: /^https?$/ }),
  addition_fee: z.string().regex(/^\d+$/),
  check_sum: z.string(),
});
const DetailBody = z.object({
  client_id: z.string(),
  transaction_id: identifier,
  command: z.literal('PAY'),
  check_sum: z.string(),
});

const refused = (error: string, msg: string): object => ({ error, msg });

export function createKeyPayApi(deps: KeyPayApiDeps): Router {
  const router = express.Router();
  router.use(express.json({ limit: '64kb' }));

  function door(path: string, operation: Operation, work: (body: unknown) => Promise<object>): void {
    router.post(path, async (request: Request, response: Response) => {
      const told = await work(request.body);
      const headers = { 'content-type': 'application/json' };
      await deps.answer(response, operation, { status: 200, headers, body: JSON.stringify(told) });
    });
  }
  door('/create', 'create', (body) => create(deps, body));
  door('/detail', 'query', (body) => detail(deps, body));
  return router;
}

async function create({ desk, callbackUrl }: KeyPayApiDeps, body: unknown): Promise<object> {
  const read = CreateBody.safeParse(body);
  if (!read.success) return refused('1', z.prettifyError(read.error));
  const asked = read.data;
  const { addition_fee, client_id, command, trans_amount, transaction_id, version } = asked;
  const signed = [addition_fee, client_id, command, trans_amount, transaction_id, version];
  if (client_id !== STAND_IN_CLIENT.clientId || asked.check_sum !== sum(signed, STAND_IN_CLIENT.hashKey1))
    return refused('2', 'check_sum invalid');
  const { payment } = await desk.takePayment({
    merchantId: client_id,
    reference: transaction_id,
    amount: BigInt(trans_amount),
    description: asked.description,
    locale: 'vi',
    returnUrl: asked.return_url,
    callbackUrl: callbackUrl(),
    expiresAt: new Date(desk.clock.now().getTime() + PAGE_LIFE_MS),
    details: {},
  });
  if (payment.amount !== BigInt(trans_amount)) return refused('3', 'this transaction_id has another amount');
  return { error: '0', msg: 'success', payment_url: desk.payPageUrl(payment) };
}

async function detail({ desk, processing }: KeyPayApiDeps, body: unknown): Promise<object> {
  const read = DetailBody.safeParse(body);
  if (!read.success) return refused('1', z.prettifyError(read.error));
  const { client_id, transaction_id, command, check_sum } = read.data;
  const signed = [client_id, command, transaction_id];
  if (client_id !== STAND_IN_CLIENT.clientId || check_sum !== sum(signed, STAND_IN_CLIENT.hashKey1))
    return refused('2', 'check_sum invalid');
  const payment = await desk.findPayment(client_id, transaction_id);
  if (!payment) return refused('4', 'no such transaction');
  const [charge] = await desk.chargesOf(payment);
  const status = charge ? PAID : payment.state === 'processing' ? processing : (payment.code ?? WAITING);
  return {
    error: '0',
    msg: 'success',
    data: {
      transaction_id,
      transaction_code: charge?.transactionId ?? '',
      trans_amount: (charge?.amount ?? payment.amount).toString(),
      addition_fee: '0',
      description: payment.description,
      created_at: payment.createdAt.toISOString(),
      status: Number(status),
    },
    check_sum: sum(signed, STAND_IN_CLIENT.hashKey2),
  };
}

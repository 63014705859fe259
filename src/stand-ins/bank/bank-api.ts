/** The pretend bank's API for merchants: signed requests in, signed answers out. */
import { randomBytes } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { inTransaction } from '../../platform/database.ts';
import type { NoticeSender } from '../notice-sender.ts';
import * as book from './bank-book.ts';
import { decide, type DecisionDeps } from './bank-decisions.ts';
import { settlementFile } from './bank-file.ts';
import { chargeEntry, hanoiTime, orderEntry, refundEntry } from './bank-notices.ts';
import { giveBack } from './bank-refunds.ts';
import { isSignedBy, signedBy } from './bank-signatures.ts';
import type { BankMerchant, BankOrder, BankSwitch } from './bank-types.ts';

export interface BankApiDeps extends DecisionDeps {
  readonly merchants: ReadonlyMap<string, BankMerchant>;
  /** Where payers find this bank's pages, without a trailing slash. */
  readonly bankUrl: () => string;
}

const identifier = z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/);
const amount = z
  .string()
  .regex(/^[1-9]\d{0,15}$/)
  .transform(BigInt);
const webAddress = z.url({ protocol: /^https?$/ });

const OrderBody = z.object({
  merchant_reference: identifier,
  amount,
  currency: z.literal('VND'),
  description: z.string().max(255),
  locale: z.enum(['vi', 'en']),
  return_url: webAddress,
  callback_url: webAddress,
  expires_at: z.iso.datetime({ offset: true }),
});
const QueryBody = z.object({ merchant_reference: identifier });
const RefundBody = z.object({
  refund_reference: identifier,
  transaction_id: identifier,
  amount,
  currency: z.literal('VND'),
});
const RefundQueryBody = z.object({ refund_reference: identifier });

/** A failure as the bank words it; it is not signed, for it may have no merchant to sign for. */
interface Failure {
  readonly status: number;
  readonly error: string;
}

type Answer = Readonly<Record<string, unknown>> | Failure;

export function createBankApi(deps: BankApiDeps, sender: NoticeSender): Router {
  const router = express.Router();
  router.use(express.raw({ type: () => true, limit: '64kb' }));

  router.post('/orders', (request, response) =>
    answer(deps, request, response, OrderBody, 'drop_order_answer', async (merchant, body) => {
      if (await book.useSwitch(deps.db, 'refuse_orders')) return { status: 503, error: 'the bank is closed' };
      const order = await takeOrder(deps, merchant, body);
      if (order.amount !== body.amount) return { status: 409, error: 'this reference has another amount' };
      if (await book.useSwitch(deps.db, 'pay_before_answer')) {
        await decide(deps, order.id, { kind: 'approve' });
        await sender.pump();
      }
      return {
        merchant_reference: order.merchantReference,
        amount: order.amount.toString(),
        currency: order.currency,
        pay_url: `${deps.bankUrl()}/pay/${order.id}`,
        expires_at: hanoiTime(order.expiresAt),
      };
    }),
  );

  router.post('/query', (request, response) =>
    answer(deps, request, response, QueryBody, 'drop_query_answer', async (merchant, body) => {
      const reference = body.merchant_reference;
      const order = await book.findOrderByReference(deps.db, merchant.merchantId, reference);
      if (!order) return { merchant_reference: reference, status: 'not_known', code: '14' };
      const [charge] = await book.chargesOfOrder(deps.db, order.id);
      return charge ? chargeEntry(charge, order.currency) : orderEntry(order, deps.clock.now());
    }),
  );

  router.post('/refunds', (request, response) =>
    answer(deps, request, response, RefundBody, 'drop_refund_answer', async ({ merchantId }, body) => {
      const refund = await giveBack(deps, {
        merchantId,
        refundReference: body.refund_reference,
        transactionId: body.transaction_id,
        amount: body.amount,
      });
      const isSame = refund.amount === body.amount && refund.transactionId === body.transaction_id;
      return isSame ? refundEntry(refund) : { status: 409, error: 'this reference is another refund' };
    }),
  );

  router.post('/refund-query', (request, response) =>
    answer(deps, request, response, RefundQueryBody, 'drop_query_answer', async (merchant, body) => {
      const refund = await book.findRefund(deps.db, merchant.merchantId, body.refund_reference);
      return refund
        ? refundEntry(refund)
        : { refund_reference: body.refund_reference, status: 'not_known', code: '14' };
    }),
  );

  router.get('/settlement-files/:day', async (request, response) => {
    const { day } = request.params;
    const asked = request.query['merchant'];
    const fromLine = Number(request.query['from_line'] ?? '1');
    const merchantId = typeof asked === 'string' ? asked : [...deps.merchants.keys()][0];
    const isAskedWell = z.iso.date().safeParse(day).success && Number.isSafeInteger(fromLine) && fromLine > 0;
    if (merchantId === undefined || !deps.merchants.has(merchantId) || !isAskedWell) {
      response.status(404).json({ error: 'no such file' });
      return;
    }
    const file = await settlementFile(deps.db, merchantId, { day, fromLine });
    const part = fromLine === 1 ? '' : `-from-${fromLine.toString()}`;
    response.attachment(`sandbox-${merchantId}-${day}${part}.csv`).type('text/csv').send(file);
  });

  return router;
}

/** Verifies, decodes, answers signed; breaks the connection instead when that fault is switched on. */
async function answer<Body>(
  deps: BankApiDeps,
  request: Request,
  response: Response,
  shape: z.ZodType<Body>,
  dropSwitch: BankSwitch,
  work: (merchant: BankMerchant, body: Body) => Promise<Answer>,
): Promise<void> {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const members = decoded(bytes);
  const merchant = deps.merchants.get(
    typeof members?.['merchant_id'] === 'string' ? members['merchant_id'] : '',
  );
  const timestamp = request.get('sandbox-timestamp') ?? '';
  const signature = request.get('sandbox-signature') ?? '';
  if (!merchant || !isSignedBy(merchant, { timestamp, signature }, bytes, deps.clock)) {
    response.status(401).json({ error: 'not signed by a merchant of this bank' });
    return;
  }
  const body = shape.safeParse(members);
  if (!body.success) {
    response.status(400).json({ error: z.prettifyError(body.error) });
    return;
  }
  const result = await work(merchant, body.data);
  if (await book.useSwitch(deps.db, dropSwitch)) {
    request.socket.destroy();
    return;
  }
  if ('error' in result) {
    response.status((result as Failure).status).json({ error: result.error });
    return;
  }
  const text = JSON.stringify({ merchant_id: merchant.merchantId, ...result });
  response
    .status(200)
    .set(signedBy(merchant, text, deps.clock))
    .send(text);
}

function decoded(bytes: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** The order of this reference: the new one, or the one taken when it was first asked for. */
async function takeOrder(
  { db, clock }: BankApiDeps,
  { merchantId }: BankMerchant,
  body: z.output<typeof OrderBody>,
): Promise<BankOrder> {
  return inTransaction(db, async (tx) => {
    await book.insertOrder(tx, {
      id: randomBytes(16).toString('hex'),
      merchantId,
      merchantReference: body.merchant_reference,
      amount: body.amount,
      currency: body.currency,
      description: body.description,
      locale: body.locale,
      returnUrl: body.return_url,
      callbackUrl: body.callback_url,
      createdAt: clock.now(),
      expiresAt: new Date(body.expires_at),
    });
    const order = await book.findOrderByReference(tx, merchantId, body.merchant_reference);
    if (!order) throw new Error(`The bank's order ${body.merchant_reference} vanished while it was taken.`);
    return order;
  });
}

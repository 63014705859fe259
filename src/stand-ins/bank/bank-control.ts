/** The pretend bank's levers for programs: decide in a payer's place, play faults, send what is due. */
import express, { type Router } from 'express';
import { z } from 'zod';
import * as book from './bank-book.ts';
import type { CallbackSender } from './bank-callbacks.ts';
import { decide, type DecisionDeps } from './bank-decisions.ts';
import { BANK_SWITCHES, CALLBACK_MANNERS, type BankDecision } from './bank-types.ts';

const manner = z.enum(CALLBACK_MANNERS).default('once');
const amount = z
  .union([z.int().nonnegative(), z.string().regex(/^\d{1,16}$/)])
  .transform((text) => BigInt(text));

const DecisionBody = z.intersection(
  z.object({ merchant_id: z.string(), merchant_reference: z.string() }),
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('approve'),
      amount: amount.optional(),
      charges: z.union([z.literal(1), z.literal(2)]).default(1),
      manner,
      even_if_closed: z.boolean().default(false),
    }),
    z.object({
      kind: z.literal('decline'),
      code: z.string().max(16),
      manner,
      even_if_closed: z.boolean().default(false),
    }),
    z.object({ kind: z.literal('later'), seconds: z.number().min(0).max(604_800), manner }),
  ]),
);
const SwitchBody = z.object({ name: z.enum(BANK_SWITCHES), count: z.int().min(0).max(1_000_000) });
const PumpBody = z.object({ ignore_due_time: z.boolean().default(false) });
const FileFaultBody = z.object({
  merchant_id: z.string(),
  day: z.iso.date(),
  kind: z.enum(['drop_line', 'alter_amount', 'add_unknown_line']),
  transaction_id: z.string().regex(/^[A-Za-z0-9]{1,64}$/),
  amount: amount.optional(),
});

/** @param sender  sends the bank's callbacks; `pump` runs it once */
export function createBankControl(deps: DecisionDeps, sender: CallbackSender): Router {
  const router = express.Router();
  router.use(express.json());

  function lever<Body>(path: string, shape: z.ZodType<Body>, work: (body: Body) => Promise<object | null>) {
    router.post(path, async (request, response) => {
      const body = shape.safeParse(request.body ?? {});
      if (!body.success) {
        response.status(400).json({ error: z.prettifyError(body.error) });
        return;
      }
      const result = await work(body.data);
      response.status(result ? 200 : 404).json(result ?? { error: 'the bank knows no such order' });
    });
  }

  lever('/decide', DecisionBody, async (body) => {
    const order = await book.findOrderByReference(deps.db, body.merchant_id, body.merchant_reference);
    if (!order) return null;
    const decided = await decide(deps, order.id, decisionOf(body));
    return {
      state: decided?.order.state,
      transaction_ids: decided?.charges.map(({ transactionId }) => transactionId),
    };
  });
  lever('/switch', SwitchBody, async ({ name, count }) => {
    await book.setSwitch(deps.db, name, count);
    return { name, count };
  });
  lever('/pump', PumpBody, async (body) => ({
    sent: await sender.pump({ ignoreDueTime: body.ignore_due_time }),
  }));
  lever('/file-fault', FileFaultBody, async (body) => {
    await book.insertFileFault(deps.db, {
      merchantId: body.merchant_id,
      day: body.day,
      kind: body.kind,
      transactionId: body.transaction_id,
      ...(body.amount === undefined ? {} : { amount: body.amount }),
    });
    return { planted: body.kind };
  });
  return router;
}

function decisionOf(body: z.output<typeof DecisionBody>): BankDecision {
  if (body.kind === 'later') return body;
  const { manner, even_if_closed: evenIfClosed } = body;
  if (body.kind === 'decline') return { kind: body.kind, code: body.code, manner, evenIfClosed };
  const amount = body.amount === undefined ? {} : { amount: body.amount };
  return { kind: body.kind, charges: body.charges, manner, evenIfClosed, ...amount };
}

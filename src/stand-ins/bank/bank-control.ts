/** The pretend bank's levers for programs: decide in a payer's place, play faults, send what is due. */
import type { Router } from 'express';
import { z } from 'zod';
import type { NoticeSender } from '../notice-sender.ts';
import { Amount, decisionBody } from '../payer-decision.ts';
import { createLevers } from '../stand-in-doors.ts';
import * as book from './bank-book.ts';
import { decide, type DecisionDeps } from './bank-decisions.ts';
import { BANK_SWITCHES, CALLBACK_MANNERS } from './bank-types.ts';

const DecisionBody = z.intersection(
  z.object({ merchant_id: z.string(), merchant_reference: z.string() }),
  decisionBody(CALLBACK_MANNERS),
);
const SwitchBody = z.object({ name: z.enum(BANK_SWITCHES), count: z.int().min(0).max(1_000_000) });
const PumpBody = z.object({ ignore_due_time: z.boolean().default(false) });
const FileFaultBody = z.object({
  merchant_id: z.string(),
  day: z.iso.date(),
  kind: z.enum(['drop_line', 'alter_amount', 'add_unknown_line']),
  transaction_id: z.string().regex(/^[A-Za-z0-9]{1,64}$/),
  amount: Amount.optional(),
});

/** @param sender  sends the bank's callbacks; `pump` runs it once */
export function createBankControl(deps: DecisionDeps, sender: NoticeSender): Router {
  const { router, lever } = createLevers();
  lever('/decide', DecisionBody, async (body) => {
    const order = await book.findOrderByReference(deps.db, body.merchant_id, body.merchant_reference);
    if (!order) return null;
    const decided = await decide(deps, order.id, body);
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

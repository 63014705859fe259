/** Of the API's answers, what the demo looks at. The OpenAPI document has the whole. */
import { z } from 'zod';

export const order = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.int(),
  amount_paid: z.int(),
  amount_refunded: z.int(),
  checkout_url: z.url(),
  paid_at: z.string().nullable(),
  lines: z.array(
    z.object({
      obligation_type: z.string(),
      description: z.string(),
      amount: z.int(),
      calculation: z.object({ days: z.int(), rate_per_day_ppm: z.int(), base: z.int() }).nullable(),
    }),
  ),
});

export const refund = z.object({
  id: z.string(),
  state: z.string(),
  amount: z.int(),
  refund_reference: z.string(),
  resolved_at: z.string().nullable(),
});

export const receipt = z.object({
  id: z.string(),
  form: z.string(),
  symbol: z.string(),
  number: z.string(),
  amount: z.int(),
  state: z.string(),
  replaced_by: z.string().nullable(),
  replaces: z.string().nullable(),
});

export const inbox = z.object({
  messages: z.array(
    z.object({
      verified: z.boolean(),
      type: z.string().nullable(),
      sequence: z.int().nullable(),
      body: z.string(),
    }),
  ),
});

export const event = z.object({
  sequence: z.int(),
  type: z.string(),
  data: z.object({
    payment_order: z.object({ id: z.string() }),
    payments: z.array(
      z.object({
        id: z.string(),
        state: z.string(),
        claim: z.string(),
        gateway_transaction_id: z.string().nullable(),
      }),
    ),
    receipts: z.array(z.object({ id: z.string(), state: z.string() })),
  }),
});

export const batch = z.object({
  id: z.string(),
  status: z.string(),
  line_count: z.int(),
  fee: z.int(),
  net: z.int(),
  classes: z.object({ matched: z.int(), missing_at_us: z.int(), amount_differs: z.int() }),
});

const figure = z.object({ count: z.int() });

export const reconciliation = z.object({
  days: z.array(
    z.object({
      day: z.string(),
      kind: z.string(),
      matched: figure,
      awaiting_statement: figure,
      bridge: z.object({
        here: z.int(),
        missing_at_bank: z.int(),
        amount_differs: z.int(),
        missing_at_us: z.int(),
        at_bank: z.int(),
      }),
    }),
  ),
  exceptions: z.array(
    z.object({
      class: z.string(),
      reference: z.string().nullable(),
      gateway_transaction_id: z.string().nullable(),
    }),
  ),
  exception_count: z.int(),
});

export const trialBalance = z.object({
  as_of: z.string().nullable(),
  block: z.object({ sequence: z.int(), hash: z.string() }).nullable(),
  books: z.array(
    z.object({
      agency: z.string(),
      currency: z.string(),
      debits: z.int(),
      credits: z.int(),
      balanced: z.boolean(),
    }),
  ),
  accounts: z.array(
    z.object({ agency: z.string(), currency: z.string(), debits: z.int(), credits: z.int() }),
  ),
});

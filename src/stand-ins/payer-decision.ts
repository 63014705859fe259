/** What the payer, or a program in the payer's place, decides at another party; `Manner` is how the merchant is told of it. */
import { z } from 'zod';

export type PayerDecision<Manner extends string> =
  | {
      readonly kind: 'approve';
      /** Another amount than asked for, in dong. */
      readonly amount?: bigint;
      /** 2 charges the payer twice, under two transaction numbers. */
      readonly charges?: 1 | 2;
      readonly manner?: Manner;
      /** Approves whatever the state: money that comes late, or after a decline. */
      readonly evenIfClosed?: boolean;
    }
  | {
      readonly kind: 'decline';
      /** One of the party's codes, or one that no document lists. */
      readonly code: string;
      readonly manner?: Manner;
      /** Tells the merchant so even after a charge: a bank that contradicts itself. The charge stays. */
      readonly evenIfClosed?: boolean;
    }
  | { readonly kind: 'later'; readonly seconds: number; readonly manner?: Manner };

/** Dong, as programs and forms write them. */
export const Amount = z
  .union([z.int().nonnegative(), z.string().regex(/^\d{1,16}$/)])
  .transform((text) => BigInt(text));

/** A decision as programs send it, in JSON; the first manner is the usual one. */
export function decisionBody<Manner extends string>(manners: readonly [Manner, ...Manner[]]) {
  const isManner = (value: unknown): boolean => manners.some((known) => known === value);
  const manner = z.custom<Manner>(isManner).default(manners[0]);
  const even_if_closed = z.boolean().default(false);
  const charges = z.union([z.literal(1), z.literal(2)]).default(1);
  const body = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('approve'), amount: Amount.optional(), charges, manner, even_if_closed }),
    z.object({ kind: z.literal('decline'), code: z.string().max(40), manner, even_if_closed }),
    z.object({ kind: z.literal('later'), seconds: z.number().min(0).max(604_800), manner }),
  ]);
  return body.transform((read): PayerDecision<Manner> => {
    if (read.kind === 'later') return read;
    const { manner: how, even_if_closed: evenIfClosed } = read;
    if (read.kind === 'decline') return { kind: read.kind, code: read.code, manner: how, evenIfClosed };
    const amount = read.amount === undefined ? {} : { amount: read.amount };
    return { kind: read.kind, charges: read.charges, manner: how, evenIfClosed, ...amount };
  });
}

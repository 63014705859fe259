/** What a settlement line means for the books: gross to the bank account, the fee borne by who bears it. */
import { PLATFORM_AGENCY, type AgencyId } from '../kernel/ids.ts';
import { money, shareByLargestRemainder, type Money } from '../kernel/money.ts';
import { clearingAccount, singleAccount, treasuryBankAccount, type AccountName } from '../ledger/accounts.ts';
import type { Movement } from '../ledger/posting-rules.ts';

/** One transfer in words: a movement, its two accounts by name, an amount. */
export interface PlannedTransfer {
  readonly movement: Movement;
  readonly accounts: readonly [AccountName, AccountName];
  readonly amount: Money;
}

/** The transfers of one book for one line. */
export interface PlannedPosting {
  readonly agencyId: AgencyId;
  readonly transfers: readonly PlannedTransfer[];
}

/** What a book holds of a payment or refund at the gateway. */
export interface BookShare {
  readonly agencyId: AgencyId;
  readonly amount: Money;
}

export interface SettledLine {
  readonly gateway: string;
  readonly account: string;
  readonly kind: 'payment' | 'refund';
  readonly fee: Money;
  readonly feeBearer: 'platform' | 'agency';
}

/**
 * The postings of a matched line: one per book that has a share, and one of the platform when it bears the fee.
 *
 * @param shares  per book, summing to the line's gross amount
 */
export function planSettledLine(line: SettledLine, shares: readonly BookShare[]): PlannedPosting[] {
  const movement: Movement = line.kind === 'payment' ? 'settlement_received' : 'refund_settled';
  const gross = shares.map((share) => ({
    agencyId: share.agencyId,
    transfer: {
      movement,
      accounts: [bankOf(share.agencyId, line, share.amount), clearingOf(share.agencyId, line, share.amount)],
      amount: share.amount,
    } satisfies PlannedTransfer,
  }));
  return byBook([...gross, ...planFee(line, shares)]);
}

/** Money of which we know no payment: to suspense in the book that owns the gateway account. */
export function planUnidentifiedLine(
  line: SettledLine & { readonly amount: Money },
  owner: AgencyId,
): PlannedPosting[] {
  const suspense = singleAccount(owner, line.amount.currency, 'suspense_unidentified');
  const share = { agencyId: owner, amount: line.amount };
  return byBook([
    {
      agencyId: owner,
      transfer: {
        movement: 'unidentified_settled',
        accounts: [bankOf(owner, line, line.amount), suspense],
        amount: line.amount,
      },
    },
    ...planFee(line, [share]),
  ]);
}

interface BookTransfer {
  readonly agencyId: AgencyId;
  readonly transfer: PlannedTransfer;
}

function planFee(line: SettledLine, shares: readonly BookShare[]): BookTransfer[] {
  const { amountMinor, currency } = line.fee;
  const bearers = line.feeBearer === 'platform' ? [PLATFORM_AGENCY] : shares.map(({ agencyId }) => agencyId);
  const weights = line.feeBearer === 'platform' ? [1n] : shares.map(({ amount }) => amount.amountMinor);
  return shareByLargestRemainder(amountMinor, weights).flatMap((part, index) => {
    const agencyId = bearers[index];
    // A fee of a few dong over many books leaves some with none: no transfer of nothing.
    if (agencyId === undefined || part === 0n) return [];
    const amount = money(part, currency);
    const fee = singleAccount(agencyId, currency, 'gateway_fee');
    return [
      {
        agencyId,
        transfer: { movement: 'settlement_fee', accounts: [fee, bankOf(agencyId, line, amount)], amount },
      },
    ];
  });
}

function bankOf(agencyId: AgencyId, line: SettledLine, amount: Money): AccountName {
  return treasuryBankAccount(agencyId, amount.currency, line.gateway, line.account);
}

function clearingOf(agencyId: AgencyId, line: SettledLine, amount: Money): AccountName {
  return clearingAccount(agencyId, amount.currency, line.gateway, line.account);
}

function byBook(transfers: readonly BookTransfer[]): PlannedPosting[] {
  const books = new Map<AgencyId, PlannedTransfer[]>();
  for (const { agencyId, transfer } of transfers) {
    books.set(agencyId, [...(books.get(agencyId) ?? []), transfer]);
  }
  return [...books]
    .sort(([a], [b]) => a - b)
    .map(([agencyId, planned]) => ({ agencyId, transfers: planned }));
}

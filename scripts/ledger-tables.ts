/** The tables of docs/ledger.md that repeat the code: the chart of accounts and the posting rules. */
import { CHART_OF_ACCOUNTS, type AccountRole } from '../src/domain/ledger/accounts.ts';
import { POSTING_RULES, type Movement } from '../src/domain/ledger/posting-rules.ts';

/** When each movement is posted; a movement without a sentence is a compile error. */
const WHEN: Readonly<Record<Movement, string>> = {
  payment_applied: 'a success pays an order: one transfer per frozen line',
  payment_surplus: 'a success finds its order paid, cancelled or refunded, or a gateway charges twice',
  payment_mismatched: 'the amount or currency differs from what was due: the whole sum',
  refund_held_from_payable: 'a refund of a paid order is asked for',
  refund_held_from_surplus: 'a refund of money paid twice is opened',
  refund_held_from_suspense: 'a refund of money of a wrong amount is asked for',
  refund_held_after_remittance: 'a refund is asked for after the money was paid over',
  refund_confirmed: 'the gateway says the refund succeeded',
  refund_returned_to_payable: 'a refund is rejected or fails: back to where it was held from',
  refund_returned_to_surplus: 'the same, for money paid twice',
  refund_returned_to_suspense: 'the same, for money of a wrong amount',
  refund_reversed: 'a gateway that had confirmed a refund says it failed',
  settlement_received: 'a line of a settlement file matches a payment: the gross amount',
  settlement_fee: 'the fee of a line of a settlement file',
  refund_settled: 'a line of a settlement file matches a refund',
  unidentified_settled: 'a line of a settlement file names a payment nobody knows',
  credit_received: 'a bank credit that is short of what is due, or that names no payment for sure',
  suspense_applied: 'credits in suspense have reached what is due: one transfer per frozen line',
  suspense_surplus: 'the same, when the order has been paid otherwise meanwhile',
  suspense_moved: 'the same, for orders of several agencies: out of the book of the platform',
  remittance: 'collections are paid over to a beneficiary',
};

export function chartTable(): string {
  const rows = Object.entries(CHART_OF_ACCOUNTS).map(
    ([role, { code, normal, meaning }]) => `| ${String(code)} | \`${role}\` | ${normal} | ${meaning} |`,
  );
  return ['| code | role | normal side | what it holds |', '|---|---|---|---|', ...rows].join('\n');
}

export function postingTable(): string {
  const named = (role: AccountRole): string => `${String(CHART_OF_ACCOUNTS[role].code)} \`${role}\``;
  const rows = (Object.keys(POSTING_RULES) as Movement[]).map((movement) => {
    const { debit, credit } = POSTING_RULES[movement];
    return `| \`${movement}\` | ${WHEN[movement]} | ${named(debit)} | ${named(credit)} |`;
  });
  return ['| movement | when | debit | credit |', '|---|---|---|---|', ...rows].join('\n');
}

/** A page with its generated tables written anew, between `<!-- name -->` and `<!-- /name -->`. */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [before, rest] = text.split(`<!-- ${name} -->`);
    const after = rest?.split(`<!-- /${name} -->`)[1];
    if (before === undefined || after === undefined) throw new Error(`The page has no place for ${name}.`);
    return `${before}<!-- ${name} -->\n${table}\n<!-- /${name} -->${after}`;
  }, page);
}

export const LEDGER_TABLES = (): Readonly<Record<string, string>> => ({
  'chart-of-accounts': chartTable(),
  'posting-rules': postingTable(),
});

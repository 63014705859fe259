/** Told last: the bank's file of the day against the books, and the books against themselves. */
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { dayOf, DEFAULT_BUSINESS_TIME_ZONE } from '../../src/domain/kernel/time.ts';
import type { Cast } from './main-job.ts';
import { dong, expect, surprise, tell, until } from './narration.ts';
import type { PaidOrder } from './paying.ts';
import type { RefundedOrder } from './refunding.ts';
import { batch, reconciliation, trialBalance } from './shapes.ts';

export async function tellOfSettlement(
  cast: Cast,
  paid: PaidOrder,
  { refund, refundedAt }: RefundedOrder,
): Promise<void> {
  const days = [paid.paidAt, refundedAt].map((at) => dayOf(at, DEFAULT_BUSINESS_TIME_ZONE));
  for (const day of new Set(days)) await bringIn(cast, day);
  const range = `from=${days[0] ?? ''}&to=${days[1] ?? ''}`;
  const rows = await comparedRows(cast, range);
  const charge = rows.find(({ gateway_transaction_id: id }) => id === paid.gatewayTransactionId);
  const back = rows.find(({ reference }) => reference === refund.refund_reference);
  for (const [what, row] of [
    ['the payment', charge],
    ['the refund', back],
  ] as const) {
    expect(
      row?.class === 'matched',
      `${what} to be matched with the bank's line`,
      row?.class ?? 'it is not there',
    );
  }
  await tellOfReport(
    cast,
    range,
    [charge, back].flatMap((row) => row?.reference ?? []),
  );
  await tellOfBalance(cast);
}

/** Takes the bank's file, of which an earlier run may have brought in the first lines, and imports what is new. */
async function bringIn(cast: Cast, day: string): Promise<void> {
  const { operator, demonstration } = cast;
  const told = (await comparedRows(cast, `from=${day}&to=${day}`)).filter(
    ({ file_name: file }) => file !== '',
  );
  const known = new Set(told.map(({ gateway_transaction_id: id }) => id));
  const address = `${demonstration.base_url}/sandbox/bank/api/settlement-files/${day}`;
  const whole = linesOf((await download(address)).text);
  const before = whole.findLastIndex(({ transactionId }) => known.has(transactionId)) + 1;
  const { text, name } = await download(before === 0 ? address : `${address}?from_line=${before + 1}`);
  const form = new FormData();
  form.set('gateway', 'sandbox');
  form.set('account', 'platform');
  form.set('file', new Blob([text], { type: 'text/csv' }), name);
  const { id } = await operator.post('/v1/settlement-files', form, batch.pick({ id: true }));
  const done = await until(`${id} to be reconciled`, async () => {
    const now = await operator.get(`/v1/settlement-batches/${id}`, batch);
    return now.status === 'reconciled' ? now : null;
  });
  const { matched, missing_at_us: missing, amount_differs: differing } = done.classes;
  const earlier = before === 0 ? '' : `, its first ${before} lines being in already`;
  tell(
    `The operator imports the bank's file of ${day}${earlier}: ${done.line_count} lines, ${matched} matched, ` +
      `${missing} missing at us, ${differing} differing; ${dong(done.net)} after ${dong(done.fee)} of fees.`,
  );
}

async function download(address: string): Promise<{ readonly text: string; readonly name: string }> {
  const answer = await fetch(address);
  const text = await answer.text();
  expect(answer.status === 200, "the bank's settlement file", `${address} answered ${answer.status}`);
  const name = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1];
  return { text, name: name ?? 'settlement.csv' };
}

/** The `L` records of the bank's file, as docs/sandbox-bank.md §8 has them. */
function linesOf(text: string): { readonly transactionId: string }[] {
  return text
    .split('\r\n')
    .filter((record) => record.startsWith('L,'))
    .map((record) => ({ transactionId: record.split(',')[3] ?? '' }));
}

const comparedRow = z.object({
  class: z.string(),
  reference: z.string(),
  gateway_transaction_id: z.string(),
  file_name: z.string(),
});
type ComparedRow = z.output<typeof comparedRow>;

async function comparedRows({ operator }: Cast, range: string): Promise<readonly ComparedRow[]> {
  const answer = await operator.ask('GET', `/v1/reports/reconciliation?${range}&format=csv`);
  expect(answer.status === 200, 'the reconciliation as CSV', answer.text);
  const rows: unknown = parse(answer.text, { columns: true, bom: true, skip_empty_lines: true });
  return z.array(comparedRow).parse(rows);
}

async function tellOfReport({ operator }: Cast, range: string, ours: readonly string[]): Promise<void> {
  const report = await operator.get(`/v1/reports/reconciliation?${range}`, reconciliation);
  for (const { day, kind, bridge } of report.days) {
    const reached = bridge.here + bridge.missing_at_bank + bridge.amount_differs + bridge.missing_at_us;
    expect(
      reached === bridge.at_bank,
      `the ${kind}s of ${day} to be explained to the dong`,
      `${dong(bridge.at_bank - reached)} are not`,
    );
  }
  const own = report.exceptions.find(({ reference }) => reference !== null && ours.includes(reference));
  expect(own === undefined, 'this payment and its refund to agree', JSON.stringify(own));
  const matched = report.days.reduce((total, day) => total + day.matched.count, 0);
  const others =
    report.exception_count === 0
      ? 'nothing is unexplained'
      : `nothing is unexplained; ${report.exception_count} differences of other payments are listed`;
  tell(`The reconciliation report: ${matched} pairs of books and bank agree, ${others}.`);
}

async function tellOfBalance({ operator }: Cast): Promise<void> {
  const path = '/v1/ledger/trial-balance';
  const booked = new Date().toISOString();
  await until('the books to be sealed up to now', async () => {
    const answer = await operator.ask('GET', `${path}?at=${booked}`);
    return answer.status === 409 ? null : answer;
  });
  const balance = await operator.get(path, trialBalance);
  if (balance.books.length === 0 || balance.block === null)
    surprise('books with money in them', 'there are none');
  const sides = balance.books.map((book) => {
    const accounts = balance.accounts.filter(
      ({ agency, currency }) => agency === book.agency && currency === book.currency,
    );
    const debits = accounts.reduce((total, account) => total + account.debits, 0);
    const credits = accounts.reduce((total, account) => total + account.credits, 0);
    expect(
      book.balanced && debits === credits && debits === book.debits && credits === book.credits,
      `debits and credits of ${book.agency} to be equal`,
      `debits are ${dong(debits)}, credits ${dong(credits)}`,
    );
    return `${book.agency} ${dong(debits)} = ${dong(credits)}`;
  });
  tell(
    `Trial balance as of block ${balance.block.sequence} (${balance.block.hash.slice(0, 12)}), debits = credits: ` +
      `${sides.join('; ')}.`,
  );
}

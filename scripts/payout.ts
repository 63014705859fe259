/** Refunds that people transfer: `npm run payout -- list`, `npm run payout -- done <reference> --bank-number <number> …`. */
import { parseArgs } from 'node:util';
import { payoutsToMake, recordPayout } from '../src/features/refunds/payouts.ts';
import { createSecretBox } from '../src/platform/secret-box.ts';
import { usage, withDatabase } from './with-database.ts';

const USAGE = `npm run payout -- list
npm run payout -- done <refund reference> --bank-number <number> --prepared-by <who> --confirmed-by <who else>

list shows what is to be transferred to whom. Compare the payer with the holder of the account before you transfer.
done records a transfer that was made; who confirms is another person than who prepared it.`;

const OPTIONS = {
  'bank-number': { type: 'string' },
  'prepared-by': { type: 'string' },
  'confirmed-by': { type: 'string' },
} as const;

/** Gateways whose refunds are transfers. */
const PAID_OUT = ['vietqr'];
const MOST_ROWS = 200;

await withDatabase(async ({ db, clock, newId, config }) => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const [verb, refundReference] = positionals;
  if (verb === 'list') {
    const box = createSecretBox(config.secrets);
    const due = await payoutsToMake({ db, box, gateways: PAID_OUT }, MOST_ROWS);
    for (const { refundReference: reference, amountMinor, payerName, account } of due) {
      const to = account ? `${account.bank} ${account.accountNumber} ${account.holder}` : 'no account yet';
      console.log(`${reference}  ${amountMinor.toString()} VND  payer ${payerName ?? '–'}  to ${to}`);
    }
    console.log(`${String(due.length)} payouts.`);
    return;
  }
  const preparedBy = values['prepared-by'];
  const confirmedBy = values['confirmed-by'];
  const bankTransaction = values['bank-number'];
  if (verb !== 'done' || !refundReference || !preparedBy || !confirmedBy || !bankTransaction) usage(USAGE);
  await recordPayout(
    { db, clock, newId, businessTimeZone: config.businessTimeZone },
    {
      refundReference,
      bankTransaction,
      paidAt: clock.now(),
      preparedBy: `staff:${preparedBy}`,
      confirmedBy: `staff:${confirmedBy}`,
    },
  );
  console.log(`${refundReference} is recorded as paid out.`);
});

/** Refunds that people transfer: `npm run payout -- list`, `npm run payout -- done <reference> --bank-number <number> …`. */
import { payoutsToMake, recordPayout } from '../src/features/refunds/payouts.ts';
import { createSecretBox } from '../src/platform/secret-box.ts';
import { runTool, usage, type Deed, type ToolDeps } from './tool.ts';

const USAGE = `npm run payout -- list
npm run payout -- done <refund reference> --bank-number <number> --prepared-by <who> --confirmed-by <who else>

list shows what is to be transferred to whom. Compare the payer with the holder of the account before you transfer.
done records a transfer that was made; who confirms is another person than who prepared it.`;

const OPTIONS = {
  'bank-number': { type: 'string', default: '' },
  'prepared-by': { type: 'string', default: '' },
  'confirmed-by': { type: 'string', default: '' },
} as const;

/** Gateways whose refunds are transfers. */
const PAID_OUT = ['vietqr'];
const MOST_ROWS = 200;

await runTool({
  usage: USAGE,
  options: OPTIONS,
  understand({ values, positionals }) {
    const [verb, refundReference] = positionals;
    const [bankTransaction, preparedBy, confirmedBy] = [
      values['bank-number'].trim(),
      nameOf(values['prepared-by']),
      nameOf(values['confirmed-by']),
    ];
    if (verb === 'list' && positionals.length === 1) return list;
    const isWhole = bankTransaction !== '' && preparedBy !== '' && confirmedBy !== '';
    if (verb !== 'done' || !refundReference || positionals.length !== 2 || !isWhole) return usage(USAGE);
    if (preparedBy === confirmedBy) return usage('Who confirms is another person than who prepared it.');
    return record({ refundReference, bankTransaction, preparedBy, confirmedBy });
  },
});

async function list({ db, config }: ToolDeps): Promise<void> {
  const box = createSecretBox(config.secrets);
  const due = await payoutsToMake({ db, box, gateways: PAID_OUT }, MOST_ROWS);
  for (const { refundReference: reference, amountMinor, payerName, account } of due) {
    const to = account ? `${account.bank} ${account.accountNumber} ${account.holder}` : 'no account yet';
    console.log(`${reference}  ${amountMinor.toString()} VND  payer ${payerName ?? '–'}  to ${to}`);
  }
  console.log(`${String(due.length)} payouts.`);
}

function record(made: {
  readonly refundReference: string;
  readonly bankTransaction: string;
  readonly preparedBy: string;
  readonly confirmedBy: string;
}): Deed {
  return async ({ db, clock, newId, config }) => {
    await recordPayout(
      { db, clock, newId, businessTimeZone: config.businessTimeZone },
      {
        ...made,
        paidAt: clock.now(),
        preparedBy: `staff:${made.preparedBy}`,
        confirmedBy: `staff:${made.confirmedBy}`,
      },
    );
    console.log(`${made.refundReference} is recorded as paid out.`);
  };
}

/** One person stays one, however the name was typed. */
function nameOf(text: string): string {
  return text.normalize('NFC').trim().replaceAll(/\s+/g, ' ').toLowerCase();
}

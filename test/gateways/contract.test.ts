/** Runs the contract suite over every adapter. */
import { contractTable, keepsTheGatewayContract } from './contract.ts';
import { momoSubject } from './momo/subject.ts';
import { sandboxSubject } from './sandbox/subject.ts';
import { stripeSubject } from './stripe/subject.ts';
import { vnpaySubject } from './vnpay/subject.ts';

describe('the gateways', () => {
  keepsTheGatewayContract(sandboxSubject);
  keepsTheGatewayContract(vnpaySubject);
  keepsTheGatewayContract(momoSubject);
  keepsTheGatewayContract(stripeSubject);

  after('the table of adapters and checks', () => {
    process.stdout.write(`\n${contractTable()}\n`);
  });
});

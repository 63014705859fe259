/** Runs the contract suite over every adapter. */
import { contractTable, keepsTheGatewayContract } from './contract.ts';
import { subjectOf } from './onepay/subject.ts';
import { sandboxSubject } from './sandbox/subject.ts';
import { vnpaySubject } from './vnpay/subject.ts';

describe('the gateways', () => {
  keepsTheGatewayContract(sandboxSubject);
  keepsTheGatewayContract(vnpaySubject);
  keepsTheGatewayContract(subjectOf('domestic'));
  keepsTheGatewayContract(subjectOf('international'));

  after('the table of adapters and checks', () => {
    process.stdout.write(`\n${contractTable()}\n`);
  });
});

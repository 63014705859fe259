/** Runs the contract suite over every adapter. */
import { contractTable, keepsTheGatewayContract } from './contract.ts';
import { momoSubject } from './momo/subject.ts';
import { sandboxSubject } from './sandbox/subject.ts';
import { zaloPaySubject } from './zalopay/subject.ts';

describe('the gateways', () => {
  keepsTheGatewayContract(sandboxSubject);
  keepsTheGatewayContract(momoSubject);
  keepsTheGatewayContract(zaloPaySubject);

  after('the table of adapters and checks', () => {
    process.stdout.write(`\n${contractTable()}\n`);
  });
});

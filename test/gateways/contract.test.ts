/** Runs the contract suite over every adapter. */
import { contractTable, keepsTheGatewayContract } from './contract.ts';
import { keyPaySubject } from './keypay/subject.ts';
import { sandboxSubject } from './sandbox/subject.ts';
import { stripeSubject } from './stripe/subject.ts';

describe('the gateways', () => {
  keepsTheGatewayContract(sandboxSubject);
  keepsTheGatewayContract(stripeSubject);
  keepsTheGatewayContract(keyPaySubject);

  after('the table of adapters and checks', () => {
    process.stdout.write(`\n${contractTable()}\n`);
  });
});

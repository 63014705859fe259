/** Runs the contract suite over every adapter. */
import { contractTable, keepsTheGatewayContract } from './contract.ts';
import { sandboxSubject } from './sandbox/subject.ts';
import { vietqrSubjects } from './vietqr/subject.ts';

describe('the gateways', () => {
  keepsTheGatewayContract(sandboxSubject);
  for (const subject of vietqrSubjects) keepsTheGatewayContract(subject);

  after('the table of adapters and checks', () => {
    process.stdout.write(`\n${contractTable()}\n`);
  });
});

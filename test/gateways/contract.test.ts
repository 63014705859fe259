/** Runs the contract suite over every adapter. */
import { contractTable, keepsTheGatewayContract } from './contract.ts';
import { documents } from './documented.ts';
import { momoSubject } from './momo/subject.ts';
import { sandboxSubject } from './sandbox/subject.ts';
import { stripeSubject } from './stripe/subject.ts';
import { vietqrSubjects } from './vietqr/subject.ts';
import { vnpaySubject } from './vnpay/subject.ts';
import { zaloPaySubject } from './zalopay/subject.ts';

describe('the gateways', () => {
  keepsTheGatewayContract(sandboxSubject);
  keepsTheGatewayContract(vnpaySubject);
  keepsTheGatewayContract(momoSubject);
  keepsTheGatewayContract(stripeSubject);
  keepsTheGatewayContract(zaloPaySubject);
  for (const subject of vietqrSubjects) keepsTheGatewayContract(subject);

  // Nested, so that it runs after all of them.
  describe('and the table of who was held to what', () => {
    it('is shown, and stands in docs/gateways.md', () => {
      process.stdout.write(`\n${contractTable()}\n`);
      documents({ contract: contractTable() });
    });
  });
});

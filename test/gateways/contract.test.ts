/** Runs the contract suite over every adapter. */
import { contractTable, keepsTheGatewayContract } from './contract.ts';
import { documents } from '../support/documented.ts';
import { SUBJECTS } from './subjects.ts';

describe('the gateways', () => {
  SUBJECTS.forEach(keepsTheGatewayContract);

  // Nested, so that it runs after all of them.
  describe('and the table of who was held to what', () => {
    it('is shown, and stands in docs/gateways.md', () => {
      process.stdout.write(`\n${contractTable()}\n`);
      documents({ contract: contractTable() });
    });
  });
});

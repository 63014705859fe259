/** Bank transfers through the whole service, their payers, bank and watchers played beside it. */
import { survivesTheJourneys } from '../journey-contract.ts';

survivesTheJourneys({
  gateway: 'vietqr',
  declinedCode: null,
  unknownCode: null,
  refunds: false,
  inventedReturn: 'status=success&amount=180000',
  asksToStart: false,
  isTransfer: true,
});

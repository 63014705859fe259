/** ZaloPay through the whole service. */
import { survivesTheJourneys } from '../journey-contract.ts';

survivesTheJourneys({
  gateway: 'zalopay',
  refunds: true,
  declinedCode: '-54',
  unknownCode: '-777',
  inventedReturn: 'status=1&amount=180000&apptransid=261125_1&checksum=00',
});

/** KeyPay through the whole service. */
import { survivesTheJourneys } from '../journey-contract.ts';

survivesTheJourneys({
  gateway: 'keypay',
  refunds: false,
  tellsSecondCharges: false,
  declinedCode: null,
  unknownCode: '77',
  inventedReturn: 'status=0&trans_amount=180000&check_sum=00',
});

/** OnePay through the whole service. */
import { survivesTheJourneys } from '../journey-contract.ts';

survivesTheJourneys({
  gateway: 'onepay',
  asksToStart: false,
  refunds: false,
  declinedCode: '21',
  unknownCode: '77',
  inventedReturn: 'vpc_TxnResponseCode=0&vpc_Amount=18000000&vpc_SecureHash=00',
});

/** VNPAY through the whole service. */
import { survivesTheJourneys } from '../journey-contract.ts';

survivesTheJourneys({
  gateway: 'vnpay',
  asksToStart: false,
  refunds: true,
  declinedCode: '51',
  unknownCode: '88',
  inventedReturn: 'vnp_ResponseCode=00&vnp_TransactionStatus=00&vnp_Amount=18000000&vnp_SecureHash=00',
});

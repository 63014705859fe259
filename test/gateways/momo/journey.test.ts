/** MoMo through the whole service. */
import { survivesTheJourneys } from '../journey-contract.ts';

survivesTheJourneys({
  gateway: 'momo',
  refunds: true,
  declinedCode: '1006',
  unknownCode: '8888',
  inventedReturn: 'resultCode=0&message=Successful.&amount=180000&signature=00',
});

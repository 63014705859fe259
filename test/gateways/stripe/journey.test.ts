/** Stripe through the whole service. */
import { survivesTheJourneys } from '../journey-contract.ts';

survivesTheJourneys({
  gateway: 'stripe',
  refunds: true,
  declinedCode: 'expired',
  unknownCode: 'surprising',
  inventedReturn: 'session_id=cs_test_1&payment_status=paid&redirect_status=succeeded',
});

/** The gateways whose other party is played here, by code. One row a gateway. */
import { momoStandIn } from './momo/momo.ts';
import { createOnepayStandIn } from './onepay/onepay.ts';
import { createKeyPayStandIn } from './keypay/keypay.ts';
import type { Peer, PeerOptions } from './peer/peer.ts';
import { createVietqrStandIn } from './vietqr/vietqr.ts';
import { createVnpayStandIn } from './vnpay/vnpay.ts';
import { createStripeStandIn } from './stripe/stripe.ts';
import { zaloPayStandIn } from './zalopay/zalopay.ts';

export interface GatewayStandIn {
  readonly peer: Peer;
  /** What the gateway's variables must say for the service to find this party and to be known to it. */
  readonly variables: Readonly<Record<string, string>>;
}

export type GatewayStandInMaker = (options: PeerOptions) => GatewayStandIn;

export const GATEWAY_STAND_INS: Readonly<Record<string, GatewayStandInMaker>> = {
  vietqr: createVietqrStandIn,
  vnpay: createVnpayStandIn,
  momo: momoStandIn,
  keypay: createKeyPayStandIn,
  stripe: createStripeStandIn,
  zalopay: zaloPayStandIn,
  onepay: createOnepayStandIn,
};

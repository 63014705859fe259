/** What the played ZaloPay tells: a callback once it has the money, and the payer's way back. */
import type { OutgoingMessage, PaymentNews, Truth } from '../peer/peer-types.ts';
import { APP, mac } from './zalopay-mac.ts';

/** Nothing but money is called about: a refusal is learned by asking. */
export function zaloPayCallback({ payment, charge }: PaymentNews, truth: Truth): OutgoingMessage | null {
  if (!charge) return null;
  const told = (amount: bigint): string =>
    JSON.stringify({
      app_id: Number(APP.id),
      app_trans_id: payment.reference,
      app_time: Number(payment.details['appTime']),
      app_user: payment.details['appUser'],
      amount: Number(amount),
      embed_data: payment.details['embedData'],
      item: payment.details['item'],
      zp_trans_id: Number(charge.transactionId),
      server_time: charge.chargedAt.getTime(),
      channel: 38,
      merchant_user_id: 'standin-user',
      user_fee_amount: 0,
      discount_amount: 0,
    });
  const genuine = told(charge.amount);
  const key = truth === 'forged' ? 'a-key-that-is-not-the-merchants' : APP.key2;
  const data = truth === 'altered' ? told(charge.amount + 1n) : genuine;
  return {
    method: 'POST',
    url: payment.callbackUrl,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data, mac: mac(key, genuine), type: 1 }),
  };
}

export function zaloPayWayBack({ payment, charge, code }: PaymentNews): string {
  const url = new URL(payment.returnUrl);
  const told = {
    appid: APP.id,
    apptransid: payment.reference,
    pmcid: '38',
    bankcode: '',
    amount: (charge?.amount ?? payment.amount).toString(),
    discountamount: '0',
    status: charge ? '1' : (code ?? '-54'),
  };
  for (const [name, value] of Object.entries(told)) url.searchParams.set(name, value);
  url.searchParams.set('checksum', mac(APP.key2, Object.values(told).join('|')));
  return url.href;
}

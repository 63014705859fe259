/** Pure: ZaloPay's MACs. key1 is for what we send, key2 for what ZaloPay sends. */
import { hmacHex, isOneOf } from '../../platform/signatures.ts';
import { newestSecret, secretsNamed } from '../account-secrets.ts';
import type { MerchantAccount } from '../gateway-adapter.ts';

/**
 * Our MAC under a request: the values joined by `|`, raw, with the account's newest key1.
 *
 * Source: docs.zalopay.vn, specs of order create, order query, refund, refund query; read 2026-11-25.
 */
export function macOf(account: MerchantAccount, values: readonly string[]): string {
  return hmacHex('sha256', newestKey1(account), values.join('|'));
}

/** The MAC of a question about an order has the key itself among its values. */
export function queryMacOf(account: MerchantAccount, values: readonly string[]): string {
  return macOf(account, [...values, newestKey1(account)]);
}

/** Whether ZaloPay wrote this `data`, under any of the account's keys: over the text itself, never written anew. */
export function isFromZaloPay(data: string, mac: string, account: MerchantAccount): boolean {
  // Lower case only: one MAC has one spelling.
  if (!/^[0-9a-f]{64}$/.test(mac)) return false;
  const expected = secretsNamed(account, 'key2').map((key2) => hmacHex('sha256', key2, data));
  return isOneOf(mac, expected);
}

function newestKey1(account: MerchantAccount): string {
  return newestSecret(account, 'key1', 'ZaloPay key1');
}

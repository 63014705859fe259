/** The played KeyPay's one client, its keys, its check sums and the two states that both of its sides name. */
import { createHmac } from 'node:crypto';

/** Who calls here, and the keys of both directions. */
export const STAND_IN_CLIENT = {
  clientId: 'dvcqg-standin',
  hashKey1: 'standin-hash-key-1',
  hashKey2: 'standin-hash-key-2',
};

/** The one status that the portal's code knows, and one of ours, for it knows no more. */
export const PAID = '0';
export const WAITING = '1';

export function sum(values: readonly string[], key: string): string {
  return createHmac('sha256', key).update(values.join('|')).digest('hex');
}

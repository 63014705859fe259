/** Callbacks of any gateway as its own test makes them: genuine, one for each payment of the stock. */
import { merchantSecretsContext } from '../src/features/payments/merchant-account-store.ts';
import { vnd } from '../src/domain/kernel/money.ts';
import type { RawMessage } from '../src/gateways/gateway-adapter.ts';
import { query, type Database } from '../src/platform/database.ts';
import type { ContractSubject } from '../test/gateways/contract.ts';
import { PAYMENT_AMOUNT } from './stock.ts';

const NONCE = 'be0c4be0c4be0c4b';
const nothing = () => Promise.reject(new Error('the bench asks no gateway'));

function referenceOf(subject: ContractSubject, number: number): string {
  const { profile } = subject.create(nothing, new Date());
  return profile.merchantReference(BigInt(number), new Date(), NONCE);
}

/** Makes the service know us at the gateway as the test's other party does. */
export async function knowMerchant(
  admin: Database,
  { name, account }: ContractSubject,
  seal: (text: string, rowId: string) => string,
): Promise<void> {
  await query(
    admin,
    `update merchant_accounts set merchant_id = :merchantId, secrets_box = :secretsBox, settings = :settings::jsonb
     where gateway = :name and code = 'platform'`,
    {
      name,
      merchantId: account.merchantId,
      secretsBox: seal(JSON.stringify(account.secrets), merchantSecretsContext(name, 'platform')),
      settings: JSON.stringify(account.settings),
    },
  );
}

/** Hands payments of the stock over to the gateway, under references in its own grammar. */
export async function moveToGateway(
  admin: Database,
  subject: ContractSubject,
  numbers: readonly number[],
): Promise<void> {
  await query(
    admin,
    `update payments p set gateway = :name, merchant_reference = moved.reference
     from unnest(:numbers::bigint[], :references::text[]) as moved(number, reference) where p.number = moved.number`,
    {
      name: subject.name,
      numbers: [...numbers],
      references: numbers.map((number) => referenceOf(subject, number)),
    },
  );
}

/** The bytes of one request for each payment, in base64, and the words of a good answer. */
export function gatewayRequests(
  subject: ContractSubject,
  numbers: readonly number[],
): { readonly kind: 'raw'; readonly bytes: readonly string[]; readonly goodBody: string } {
  const now = new Date();
  const adapter = subject.create(nothing, now);
  const example = subject.gatewayTransactionId ?? 'TXN000001';
  return {
    kind: 'raw',
    bytes: numbers.map((number) => {
      const message = subject.callback(
        {
          merchantReference: adapter.profile.merchantReference(BigInt(number), now, NONCE),
          gatewayTransactionId: numbered(example, number),
          amount: vnd(PAYMENT_AMOUNT),
          paidAt: new Date(Math.floor(now.getTime() / 1000) * 1000),
        },
        now,
      );
      return requestBytes(`/gateways/${subject.name}/callback`, message).toString('base64');
    }),
    goodBody: adapter.acknowledge('recorded').body,
  };
}

/** Another transaction number of the same shape: the digits at its end count. */
function numbered(example: string, number: number): string {
  const digits = /\d+$/.exec(example)?.[0] ?? '';
  const first = digits.slice(0, 1);
  return (
    example.slice(0, example.length - digits.length) + first + String(number).padStart(digits.length - 1, '0')
  );
}

function requestBytes(path: string, { method, query: search, headers, body }: RawMessage): Buffer {
  const lines = [
    `${method} ${path}${search === '' ? '' : `?${search}`} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...[...headers].flatMap(([name, values]) => values.map((value) => `${name}: ${value}`)),
    ...(method === 'GET' ? [] : [`Content-Length: ${String(body.length)}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

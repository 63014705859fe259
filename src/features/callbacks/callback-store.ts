/** SQL of gateway_callbacks that do not go through an outcome: unverified, irrelevant, or of no known payment. */
import { query, type Reader } from '../../platform/database.ts';
import type { CallbackRecord } from '../payments/record-outcome.ts';

export interface KeptCallback {
  readonly gateway: string;
  readonly account: string;
  readonly verified: boolean;
  readonly result: string;
  readonly reason: string | null;
}

/** Keeps a message once. A message kept before takes the newer result unless it had been recorded. */
export async function keepCallback(
  reader: Reader,
  callback: CallbackRecord,
  kept: KeptCallback,
): Promise<void> {
  await query(
    reader,
    `insert into gateway_callbacks (id, gateway, account, digest, method, query, headers, body, verified, result, reason,
       received_at)
     values (:id, :gateway, :account, decode(:digest, 'hex'), :method, :query, :headers::jsonb, :body, :verified, :result,
       :reason, :receivedAt)
     on conflict (gateway, account, digest) do update set result = excluded.result, reason = excluded.reason,
       verified = gateway_callbacks.verified or excluded.verified
       where gateway_callbacks.result in ('try_again', 'unknown_payment', 'rejected')`,
    {
      id: callback.id,
      digest: callback.digest,
      method: callback.method,
      query: callback.query,
      headers: JSON.stringify(callback.headers),
      body: Buffer.from(callback.body),
      receivedAt: callback.receivedAt,
      ...kept,
    },
  );
}

/** Deletes unverified messages older than an instant. @returns how many */
export async function deleteUnverifiedBefore(reader: Reader, before: Date): Promise<number> {
  const gone = await query(
    reader,
    `delete from gateway_callbacks where (gateway, account, digest) in (
       select gateway, account, digest from gateway_callbacks where not verified and received_at < :before order by received_at limit 1000)
     returning id`,
    { before },
  );
  return gone.length;
}

/** SQL of signing_keys: the keys that sign access tokens, private halves sealed. */
import { query, type Reader, type Tx } from '../../platform/database.ts';
import type { PublicJwk } from '../../platform/signatures.ts';

export interface SigningKeyRow {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateKeyBox: string;
  readonly retiredAt: Date | null;
}

const SIGNING_KEYS_LOCK = 7_203_102;

/** Whoever changes the keys does so alone. */
export async function lockSigningKeys(tx: Tx): Promise<void> {
  await query(tx, 'select pg_advisory_xact_lock(:lock)', { lock: SIGNING_KEYS_LOCK });
}

/** Keys that sign, or were retired after an instant; newest first. */
export async function findSigningKeys(reader: Reader, retiredAfter: Date): Promise<SigningKeyRow[]> {
  const rows = await query<{
    kid: string;
    public_jwk: PublicJwk;
    private_key_box: string;
    retired_at: Date | null;
  }>(
    reader,
    `select kid, public_jwk, private_key_box, retired_at from signing_keys
      where retired_at is null or retired_at > :retiredAfter
      order by retired_at is not null, created_at desc, kid
      limit 100`,
    { retiredAfter },
  );
  return rows.map((row) => ({
    kid: row.kid,
    publicJwk: row.public_jwk,
    privateKeyBox: row.private_key_box,
    retiredAt: row.retired_at,
  }));
}

export async function retireSigningKeys(tx: Tx, now: Date): Promise<void> {
  await query(tx, 'update signing_keys set retired_at = :now where retired_at is null', { now });
}

export async function insertSigningKey(
  tx: Tx,
  key: { kid: string; publicJwk: PublicJwk; privateKeyBox: string; createdAt: Date },
): Promise<void> {
  await query(
    tx,
    `insert into signing_keys (kid, public_jwk, private_key_box, created_at)
     values (:kid, :publicJwk::jsonb, :privateKeyBox, :createdAt)`,
    { ...key, publicJwk: JSON.stringify(key.publicJwk) },
  );
}

/** Seals secrets for the database: AES-256-GCM, bound to the row they belong to. One key seals, several can open. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { NamedKey } from './config.ts';

export interface SecretBox {
  /**
   * Seals text so that only this row can open it.
   *
   * @param rowId  the id of the row that will hold it, with the table: `webhook_endpoints:<id>`
   */
  seal(text: string, rowId: string): string;
  /** The text that was sealed for this row. Anything else, a moved or changed one included, is a fault. */
  open(sealed: string, rowId: string): string;
  /** The names of the keys that can open; the first is the one that seals. A sealed text tells it: `v1.<name>.…`. */
  readonly keyIds: readonly string[];
}

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createSecretBox(keys: {
  readonly current: NamedKey;
  /** Further keys that can open, if there are any. */
  readonly previous: readonly NamedKey[] | null;
}): SecretBox {
  const known = new Map<string, Buffer>();
  for (const { id, key } of [keys.current, ...(keys.previous ?? [])])
    known.set(id, Buffer.from(key.reveal(), 'base64'));
  const current = known.get(keys.current.id);
  if (current?.length !== 32) throw new Error('A sealing key must have 32 bytes.');

  return {
    seal(text, rowId) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current, nonce);
      cipher.setAAD(associated(keys.current.id, rowId));
      const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return [VERSION, keys.current.id, Buffer.concat([nonce, content]).toString('base64url')].join('.');
    },
    open(sealed, rowId) {
      const { keyId, bytes } = partsOf(sealed);
      const key = known.get(keyId);
      if (!key) {
        throw new Error(
          `A secret was sealed with the key ${keyId}, which is neither SECRETS_KEY nor in SECRETS_KEY_PREVIOUS.`,
        );
      }
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(associated(keyId, rowId));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      try {
        const content = decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES));
        return Buffer.concat([content, decipher.final()]).toString('utf8');
      } catch {
        throw new Error(`The sealed secret of ${rowId} was changed, or belongs to another row.`);
      }
    },
    keyIds: [...known.keys()],
  };
}

function associated(keyId: string, rowId: string): Buffer {
  return Buffer.from(`${VERSION}.${keyId}.${rowId}`, 'utf8');
}

function partsOf(sealed: string): { keyId: string; bytes: Buffer } {
  const [version, keyId, content] = sealed.split('.');
  const bytes = Buffer.from(content ?? '', 'base64url');
  if (version !== VERSION || !keyId || bytes.length < NONCE_BYTES + TAG_BYTES) {
    throw new Error('A sealed secret has a form that this version does not know.');
  }
  return { keyId, bytes };
}

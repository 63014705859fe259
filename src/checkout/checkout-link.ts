/**
 * Pay tokens: links that name one order or one payment, made and not stored.
 *
 * A token is base64url(key id, kind, agency, uuid, first 16 bytes of an HMAC-SHA-256 over them). It carries no
 * amount, person or expiry: the row has them. A token whose MAC fails is "not found", like one that never was.
 *
 * There are two kinds of each. The payer's link is the one an agency sends to whoever owes. A public link is what
 * anybody comes to who types a number that is printed on paper or comes back from a bank: it pays, and says where the
 * money is, but its pages name nobody.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { dashed, type AgencyId, type OrderId, type PaymentId } from '../domain/kernel/ids.ts';

export type PayTarget = OrderTarget | PaymentTarget;

interface Reach {
  /** A public link; absent in the payer's own. */
  readonly isPublic?: true;
}

export interface OrderTarget extends Reach {
  readonly kind: 'order';
  readonly agencyId: AgencyId;
  readonly id: OrderId;
}

export interface PaymentTarget extends Reach {
  readonly kind: 'payment';
  readonly id: PaymentId;
}

/** Newest first: tokens are made with the first key and checked with all. */
export interface LinkKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export interface CheckoutLinks {
  tokenOf(target: PayTarget): string;
  /** What a token names, or null when no key of ours made it. */
  targetOf(token: string): PayTarget | null;
}

/** `o` and `p`, and in capitals for public links. */
const KINDS = { order: 0x6f, payment: 0x70 } as const;
const PUBLIC_KINDS = { order: 0x4f, payment: 0x50 } as const;
const MAC_BYTES = 16;
const HEAD_BYTES = 22;
const TOKEN = /^[A-Za-z0-9_-]{51}$/;

export function createCheckoutLinks(keys: readonly LinkKey[]): CheckoutLinks {
  const marked = keys.map(({ id, key }) => ({ key, mark: markOf(id) }));
  const [newest] = marked;
  if (!newest) throw new Error('pay tokens need at least one key');
  return {
    tokenOf(target) {
      const head = Buffer.alloc(HEAD_BYTES);
      head.writeUInt8(newest.mark, 0);
      head.writeUInt8((target.isPublic === true ? PUBLIC_KINDS : KINDS)[target.kind], 1);
      head.writeUInt32BE(target.kind === 'order' ? target.agencyId : 0, 2);
      head.write(target.id.replaceAll('-', ''), 6, 'hex');
      return Buffer.concat([head, macOf(newest.key, head)]).toString('base64url');
    },
    targetOf(token) {
      if (!TOKEN.test(token)) return null;
      const bytes = Buffer.from(token, 'base64url');
      const head = bytes.subarray(0, HEAD_BYTES);
      const mac = bytes.subarray(HEAD_BYTES);
      const isOurs = marked.some(
        ({ key, mark }) => mark === head[0] && timingSafeEqual(mac, macOf(key, head)),
      );
      if (!isOurs) return null;
      return targetIn(head);
    },
  };
}

function targetIn(head: Buffer): PayTarget | null {
  const id = dashed(head.subarray(6).toString('hex'));
  const agencyId = head.readUInt32BE(2) as AgencyId;
  const mark = head.readUInt8(1);
  const reach =
    mark === PUBLIC_KINDS.order || mark === PUBLIC_KINDS.payment ? { isPublic: true as const } : {};
  if (mark === KINDS.order || mark === PUBLIC_KINDS.order) {
    return { kind: 'order', agencyId, id: id as OrderId, ...reach };
  }
  if (mark === KINDS.payment || mark === PUBLIC_KINDS.payment) {
    return { kind: 'payment', id: id as PaymentId, ...reach };
  }
  return null;
}

/** One byte that tells a key's tokens apart from most others', so that few keys are tried. */
function markOf(keyId: string): number {
  return createHash('sha256').update(keyId).digest().readUInt8(0);
}

function macOf(key: Uint8Array, head: Uint8Array): Buffer {
  return createHmac('sha256', key).update(head).digest().subarray(0, MAC_BYTES);
}

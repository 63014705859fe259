/** Branded, prefixed identifiers. Inside the house an id is a UUID; its prefix appears only at the API. */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type OrderId = Branded<'order'>;
export type PaymentId = Branded<'payment'>;
export type RefundId = Branded<'refund'>;
export type ReceiptId = Branded<'receipt'>;
export type EventId = Branded<'event'>;
export type EndpointId = Branded<'endpoint'>;
export type DeliveryId = Branded<'delivery'>;
export type BatchId = Branded<'batch'>;
export type LineId = Branded<'settlement_line'>;
export type CaseId = Branded<'case'>;
export type LedgerAccountId = Branded<'ledger_account'>;
export type LedgerTransactionId = Branded<'ledger_transaction'>;

/** An agency's number inside the house; 0 is the platform itself. Its public face is `agy_…`. */
export type AgencyId = number & { readonly [brand]: 'agency' };

/** The platform: owns operator clients and money of which not even the agency is known. */
export const PLATFORM_AGENCY = 0 as AgencyId;

interface IdsByPrefix {
  readonly po: OrderId;
  readonly pay: PaymentId;
  readonly rf: RefundId;
  readonly rc: ReceiptId;
  readonly ev: EventId;
  readonly whe: EndpointId;
  readonly whd: DeliveryId;
  readonly stb: BatchId;
  readonly stl: LineId;
  readonly case: CaseId;
  readonly acc: LedgerAccountId;
  readonly txn: LedgerTransactionId;
}

export type IdPrefix = keyof IdsByPrefix;

/** Makes a fresh UUIDv7: time-ordered, so that indexes grow at one end. */
export type IdSource = () => string;

export function newId<P extends IdPrefix>(_prefix: P, source: IdSource): IdsByPrefix[P] {
  return source() as IdsByPrefix[P];
}

const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID_PATTERN.test(text);
}

/** The public face of an id: `publicId('po', id)` is `po_` and the 32 hexadecimal digits. */
export function publicId<P extends IdPrefix>(prefix: P, id: IdsByPrefix[P]): string {
  return `${prefix}_${id.replaceAll('-', '')}`;
}

/** The id behind a public face, or null when the text is no such id. */
export function parsePublicId<P extends IdPrefix>(prefix: P, text: string): IdsByPrefix[P] | null {
  const match = /^([a-z]+)_([0-9a-f]{32})$/.exec(text);
  if (match?.[1] !== prefix || match[2] === undefined) return null;
  return dashed(match[2]) as IdsByPrefix[P];
}

/** 32 hexadecimal digits in the 8-4-4-4-12 form of a UUID. */
export function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

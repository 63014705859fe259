/**
 * Pure: the text in a VietQR code. Knows the format, and neither what is paid nor who reads the credit afterwards.
 *
 * Source: NAPAS, "QR format specification for NAPAS247 by VietQR", version 1.5.2, over EMVCo QR Code Specification for
 * Payment Systems, Merchant-Presented Mode, version 1.1 (domain notes §5.4, read 2026-11-25).
 */
import { vnd, type Money } from '../../domain/kernel/money.ts';

/** One transfer as the payer's bank app fills it in. */
export interface TransferQr {
  /** The bank's six digits at NAPAS. */
  readonly bankBin: string;
  /** An account number, or a card number when `service` says so. */
  readonly accountNumber: string;
  readonly service: keyof typeof SERVICES;
  /** Null makes a static code, in which the payer types the amount. */
  readonly amount: Money | null;
  readonly billNumber: string | null;
  /** What the credit will say; ASCII, for the apps send it on as it stands. */
  readonly purpose: string | null;
}

export type QrReading =
  | { readonly kind: 'read'; readonly transfer: TransferQr }
  | { readonly kind: 'unreadable'; readonly fault: string };

/** Tags of the outer level. */
const TAG = {
  format: '00',
  initiation: '01',
  account: '38',
  currency: '53',
  amount: '54',
  country: '58',
  additional: '62',
  crc: '63',
} as const;
/** Tags within 38, within 38-01 and within 62. */
const ACCOUNT_TAG = { guid: '00', beneficiary: '01', service: '02' } as const;
const BENEFICIARY_TAG = { bin: '00', account: '01' } as const;
const ADDITIONAL_TAG = { bill: '01', purpose: '08' } as const;

/** What must stand in a tag whatever the transfer. */
const FIXED: Readonly<Record<string, string>> = {
  [TAG.format]: '01',
  [TAG.currency]: '704', // The dong, ISO 4217.
  [TAG.country]: 'VN',
};
const INITIATION = { static: '11', dynamic: '12' } as const;
/** The application identifier of NAPAS. */
const NAPAS_GUID = 'A000000727';
/** Fast transfer by QR to an account, or to a card. */
const SERVICES = { account: 'QRIBFTTA', card: 'QRIBFTTC' } as const;
/** A length is written in two digits. */
const MAX_VALUE = 99;
const MAX_ADDITIONAL = 25;
const CRC_HEAD = `${TAG.crc}04`;

/** Builds the text. Faults, naming the part, when a part does not fit the format: nothing is ever cut. */
export function buildQrPayload(transfer: TransferQr): string {
  const { bankBin, accountNumber, service, amount, billNumber, purpose } = transfer;
  const beneficiary = field(BENEFICIARY_TAG.bin, bankBin) + field(BENEFICIARY_TAG.account, accountNumber);
  const account =
    field(ACCOUNT_TAG.guid, NAPAS_GUID) +
    field(ACCOUNT_TAG.beneficiary, beneficiary) +
    field(ACCOUNT_TAG.service, SERVICES[service]);
  const additional = optional(ADDITIONAL_TAG.bill, billNumber) + optional(ADDITIONAL_TAG.purpose, purpose);
  const unsigned =
    field(TAG.format, FIXED[TAG.format] ?? '') +
    field(TAG.initiation, amount === null ? INITIATION.static : INITIATION.dynamic) +
    field(TAG.account, account) +
    field(TAG.currency, FIXED[TAG.currency] ?? '') +
    optional(TAG.amount, amount?.amountMinor.toString() ?? null) +
    field(TAG.country, FIXED[TAG.country] ?? '') +
    optional(TAG.additional, additional === '' ? null : additional) +
    CRC_HEAD;
  const payload = unsigned + crc16(unsigned);
  // One reading decides what a code may hold, so none is shown that a strict app would refuse.
  const reading = parseQrPayload(payload);
  if (reading.kind === 'unreadable') throw new Error(`A VietQR code cannot be made: ${reading.fault}.`);
  return payload;
}

function field(tag: string, value: string): string {
  if (value.length > MAX_VALUE) {
    throw new Error(`A VietQR code cannot be made: field ${tag} is longer than ${String(MAX_VALUE)}.`);
  }
  return tag + String(value.length).padStart(2, '0') + value;
}

function optional(tag: string, value: string | null): string {
  return value === null ? '' : field(tag, value);
}

/**
 * Reads the text strictly: its check sum, each length at each level, every tag once.
 *
 * The example printed in the specification has a right check sum over a wrong inner length; it is refused too.
 */
export function parseQrPayload(payload: string): QrReading {
  if (!/^[\x20-\x7e]{12,512}$/.test(payload))
    return unreadable('it is not printable ASCII of a fitting length');
  if (payload.slice(-8, -4) !== CRC_HEAD) return unreadable('it does not end with a check sum');
  if (crc16(payload.slice(0, -4)) !== payload.slice(-4)) return unreadable('its check sum is wrong');
  const outer = fieldsOf(payload);
  const account = fieldsOf(outer?.get(TAG.account));
  const beneficiary = fieldsOf(account?.get(ACCOUNT_TAG.beneficiary));
  if (!outer || !account || !beneficiary) return unreadable('a length does not fit its field');
  const additional = outer.has(TAG.additional)
    ? fieldsOf(outer.get(TAG.additional))
    : new Map<string, string>();
  if (!additional) return unreadable('a length does not fit its field');
  const fault = faultOf({ outer, account });
  if (fault !== null) return unreadable(fault);
  return transferOf(outer, account, beneficiary, additional);
}

type Fields = ReadonlyMap<string, string>;

/** The fields of one level, or null when a tag comes twice or the lengths do not add up to the text. */
function fieldsOf(text: string | undefined): Fields | null {
  if (text === undefined || text === '') return null;
  const fields = new Map<string, string>();
  for (let at = 0; at < text.length;) {
    const head = /^(\d{2})(\d{2})$/.exec(text.slice(at, at + 4));
    const length = Number(head?.[2] ?? '0');
    const value = text.slice(at + 4, at + 4 + length);
    if (!head?.[1] || length === 0 || value.length !== length || fields.has(head[1])) return null;
    fields.set(head[1], value);
    at += 4 + length;
  }
  return fields;
}

function faultOf({ outer, account }: { readonly outer: Fields; readonly account: Fields }): string | null {
  for (const [tag, value] of Object.entries(FIXED)) {
    if (outer.get(tag) !== value) return `field ${tag} is not ${value}`;
  }
  // The order of the rest is free, but the format comes first and the check sum last.
  const [first] = outer.keys();
  if (first !== TAG.format) return 'the format does not come first';
  if (!Object.values<string>(INITIATION).includes(outer.get(TAG.initiation) ?? '')) {
    return 'it is neither static nor dynamic';
  }
  return account.get(ACCOUNT_TAG.guid) === NAPAS_GUID ? null : 'it is not a code of NAPAS';
}

function transferOf(outer: Fields, account: Fields, beneficiary: Fields, additional: Fields): QrReading {
  const services = Object.keys(SERVICES) as TransferQr['service'][];
  const service = services.find((name) => SERVICES[name] === account.get(ACCOUNT_TAG.service));
  const bankBin = beneficiary.get(BENEFICIARY_TAG.bin) ?? '';
  const accountNumber = beneficiary.get(BENEFICIARY_TAG.account) ?? '';
  const amount = outer.get(TAG.amount) ?? null;
  const billNumber = additional.get(ADDITIONAL_TAG.bill) ?? null;
  const purpose = additional.get(ADDITIONAL_TAG.purpose) ?? null;
  if (!service) return unreadable('its service is not a transfer');
  if (!/^\d{6}$/.test(bankBin)) return unreadable('the bank is not six digits');
  if (!/^[A-Za-z0-9]{1,19}$/.test(accountNumber))
    return unreadable('the account is not up to 19 letters or digits');
  if (amount !== null && !/^[1-9]\d{0,12}$/.test(amount)) return unreadable('the amount is not whole dong');
  if ([billNumber, purpose].some((text) => (text?.length ?? 0) > MAX_ADDITIONAL)) {
    return unreadable(`the bill number or purpose is longer than ${String(MAX_ADDITIONAL)}`);
  }
  const asked = amount === null ? null : vnd(BigInt(amount));
  return { kind: 'read', transfer: { bankBin, accountNumber, service, amount: asked, billNumber, purpose } };
}

function unreadable(fault: string): QrReading {
  return { kind: 'unreadable', fault };
}

/** CRC-16/CCITT-FALSE in four upper-case hexadecimal digits: "123456789" gives 29B1. */
export function crc16(text: string): string {
  let crc = 0xffff;
  for (const byte of Buffer.from(text, 'utf8')) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  return crc.toString(16).toUpperCase().padStart(4, '0');
}

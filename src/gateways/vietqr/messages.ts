/**
 * Pure: credit notices of a bank account, as three watchers tell them. Knows the account, and no payment.
 *
 * Sources, read 2026-11-25: SePay, "Tích hợp webhooks"; Casso developer documentation, Webhook V2; payOS
 * documentation, payment webhook.
 */
import { createHash } from 'node:crypto';
import { lookupCodeFrom, TRANSFER_PREFIX } from '../../domain/kernel/lookup-code.ts';
import { vnd, type Money } from '../../domain/kernel/money.ts';
import {
  digitsOf,
  isJsonArray,
  isJsonObject,
  textOf,
  type JsonObject,
  type JsonValue,
} from '../../platform/gateway-json.ts';
import type {
  CallbackItem,
  CallbackReading,
  CallbackResult,
  MerchantAccount,
  RawMessage,
  RawReply,
} from '../gateway-adapter.ts';
import { proveOrigin, type Watcher } from './signing.ts';

/**
 * A transfer is made within seconds, but by a person who must first find the app, often on somebody else's phone;
 * while the code lives nobody can pay the order another way. Money that comes later is taken all the same.
 */
export const PAYMENT_LIFETIME_MINUTES = 30;

const MAX_ITEMS = 100;
const MAX_CONTENT = 500;

/** Verifies and reads one notice. Credits of other accounts that the same watcher looks after are none of ours. */
export function readCallback(
  message: RawMessage,
  account: MerchantAccount,
  receivedAt: Date,
): CallbackReading {
  if (message.method !== 'POST') return { kind: 'rejected', why: 'malformed' };
  const proof = proveOrigin(message, account, receivedAt);
  if (proof.kind === 'rejected') return proof;
  const items = READERS[proof.watcher](proof.notice, account);
  return items === null ? { kind: 'rejected', why: 'malformed' } : { kind: 'read', items };
}

/** Null when a part of the notice cannot be read: it is refused whole. */
type Reader = (notice: JsonObject, account: MerchantAccount) => readonly CallbackItem[] | null;

const READERS: Readonly<Record<Watcher, Reader>> = { sepay: readSepay, casso: readCasso, payos: readPayos };

/**
 * SePay tells one movement; `id` is its own number of it and never comes for two. `code`, which SePay guesses from
 * the content, is not looked at: the bank's words are.
 */
function readSepay(notice: JsonObject, account: MerchantAccount): readonly CallbackItem[] | null {
  const direction = textOf(notice, 'transferType');
  if (direction === 'out') return [irrelevant('transfer_out')];
  if (direction !== 'in') return null;
  return one(
    creditOf(
      {
        watcher: 'sepay',
        noticeNumber: whole(notice, 'id'),
        bankReference: textOf(notice, 'referenceCode'),
        accountNumber: textOf(notice, 'accountNumber'),
        amount: amountOf(notice, 'transferAmount'),
        content: textOf(notice, 'content'),
        creditedAt: hanoiInstant(textOf(notice, 'transactionDate')),
      },
      account,
    ),
  );
}

/** Casso tells one movement, or several in a list; a negative amount leaves the account. */
function readCasso(notice: JsonObject, account: MerchantAccount): readonly CallbackItem[] | null {
  if (whole(notice, 'error') !== '0') return [irrelevant('casso_error')];
  const data = notice.get('data');
  const entries: readonly JsonValue[] = isJsonArray(data) ? data : data === undefined ? [] : [data];
  if (entries.length === 0 || entries.length > MAX_ITEMS) return null;
  const items = entries.map((entry) => (isJsonObject(entry) ? readCassoEntry(entry, account) : null));
  return items.every((item) => item !== null) ? items : null;
}

function readCassoEntry(entry: JsonObject, account: MerchantAccount): CallbackItem | null {
  if (isNegative(entry, 'amount')) return irrelevant('transfer_out');
  return creditOf(
    {
      watcher: 'casso',
      noticeNumber: whole(entry, 'id'),
      bankReference: textOf(entry, 'reference'),
      accountNumber: textOf(entry, 'accountNumber'),
      amount: amountOf(entry, 'amount'),
      content: textOf(entry, 'description'),
      creditedAt: hanoiInstant(textOf(entry, 'transactionDateTime')),
    },
    account,
  );
}

/** payOS tells one payment and has no number of its own for it but the bank's. Only code 00 says that money came. */
function readPayos(data: JsonObject, account: MerchantAccount): readonly CallbackItem[] | null {
  if (textOf(data, 'code') !== '00') return [irrelevant('payos_code')];
  if (textOf(data, 'currency') !== 'VND' || whole(data, 'orderCode') === null) return null;
  const reference = textOf(data, 'reference');
  return one(
    creditOf(
      {
        watcher: 'payos',
        noticeNumber: reference === '' ? null : reference,
        bankReference: reference,
        accountNumber: textOf(data, 'accountNumber'),
        amount: amountOf(data, 'amount'),
        content: textOf(data, 'description'),
        creditedAt: hanoiInstant(textOf(data, 'transactionDateTime')),
      },
      account,
    ),
  );
}

interface ToldCredit {
  readonly watcher: Watcher;
  readonly noticeNumber: string | null;
  readonly bankReference: string | null;
  readonly accountNumber: string | null;
  readonly amount: Money | null;
  readonly content: string | null;
  readonly creditedAt: Date | null;
}

/**
 * The bank's own number names a credit, so that two watchers of one account tell one credit; a bank that gives none
 * leaves it to the watcher's.
 */
function creditOf(told: ToldCredit, account: MerchantAccount): CallbackItem | null {
  const { watcher, noticeNumber, accountNumber, amount, creditedAt } = told;
  const content = told.content ?? '';
  if (noticeNumber === null || accountNumber === null || amount === null || creditedAt === null) return null;
  if (content.length > MAX_CONTENT) return null;
  if (accountNumber.replaceAll(' ', '') !== account.merchantId)
    return irrelevant('credit_of_another_account');
  const noticeId = `${watcher}:${noticeNumber}`;
  const reference = (told.bankReference ?? '').trim();
  const gatewayTransactionId = IDENTIFIER.test(reference) ? reference : noticeId;
  if (!IDENTIFIER.test(gatewayTransactionId)) return null;
  return {
    kind: 'credit',
    gatewayTransactionId,
    noticeId,
    accountNumber: account.merchantId,
    amount,
    content,
    creditedAt,
  };
}

/** A number as it may stand in a log, a page and a unique key. */
const IDENTIFIER = /^[\x21-\x7e]{1,100}$/;

function one(item: CallbackItem | null): readonly CallbackItem[] | null {
  return item === null ? null : [item];
}

function irrelevant(what: string): CallbackItem {
  return { kind: 'irrelevant', what };
}

/** The digits of a whole number that is not negative. */
function whole(members: JsonObject, key: string): string | null {
  const written = digitsOf(members, key) ?? '';
  return /^(0|[1-9]\d{0,17})$/.test(written) ? written : null;
}

function isNegative(members: JsonObject, key: string): boolean {
  return /^-[1-9]\d{0,15}$/.test(digitsOf(members, key) ?? '');
}

/** A JSON number in plain whole digits: `1e3`, `150000.0`, a text and nothing at all are none. */
function amountOf(members: JsonObject, key: string): Money | null {
  const written = digitsOf(members, key) ?? '';
  return /^[1-9]\d{0,14}$/.test(written) ? vnd(BigInt(written)) : null;
}

/** `2024-05-20 10:16:55`, the clock of Viet Nam, which has been seven hours ahead of UTC all year since 1975. */
function hanoiInstant(written: string | null): Date | null {
  const parts = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/.exec(written ?? '');
  if (!parts?.[1] || !parts[2]) return null;
  const asUtc = new Date(`${parts[1]}T${parts[2]}Z`);
  // A day that does not exist is moved to one that does, or is no date at all.
  if (Number.isNaN(asUtc.getTime()) || !asUtc.toISOString().startsWith(`${parts[1]}T${parts[2]}`))
    return null;
  return new Date(asUtc.getTime() - HANOI_AHEAD_MS);
}

const HANOI_AHEAD_MS = 7 * 3_600_000;

/**
 * One word for all three: a 2xx whose JSON says `success` (SePay and Casso read the word, payOS the status). What is
 * not kept is answered so that it comes again: SePay eight times within 33 minutes.
 */
export function acknowledgement(result: CallbackResult): RawReply {
  const status = ACKNOWLEDGEMENT_STATUS[result];
  return {
    status,
    contentType: 'application/json',
    body: JSON.stringify({ success: status === 200, result }),
  };
}

const ACKNOWLEDGEMENT_STATUS: Readonly<Record<CallbackResult, number>> = {
  recorded: 200,
  already_recorded: 200,
  amount_differs: 200, // Kept, and asked to be completed: the same notice again would tell nothing new.
  rejected: 401,
  unknown_payment: 404,
  try_again: 503,
};

/**
 * The transfer's text is the reference: `DVC` and a code of twelve characters whose last one checks the rest.
 *
 * Made by hashing, so that codes in use lie far apart: one wrong character practically never makes another's code.
 */
export function merchantReference(paymentNumber: bigint, _startedAt: Date, nonce: string): string {
  const bytes = createHash('sha256').update(`${paymentNumber.toString()}:${nonce}`).digest();
  return `${TRANSFER_PREFIX}${lookupCodeFrom(bytes.subarray(0, 16))}`;
}

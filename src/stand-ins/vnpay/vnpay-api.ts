/** The played VNPAY's door for merchants: queries and refunds, one address for both (querydr&refund.html). */
import { randomBytes } from 'node:crypto';
import express, { type Router } from 'express';
import { z } from 'zod';
import type { PeerDesk, PeerPayment } from '../peer/peer-types.ts';
import type { AnswerDoor } from '../peer/peer.ts';
import { isSame, signBars } from './vnpay-signatures.ts';
import {
  BANK_CODE,
  clockText,
  dongOf,
  HASH_SECRET,
  hundredfold,
  refundFields,
  standingOf,
  TMN_CODE,
  type Fields,
} from './vnpay-words.ts';

const REQUESTS = {
  querydr: 'RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo',
  refund:
    'RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate CreateBy CreateDate IpAddr OrderInfo',
};
const ANSWER =
  'ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo TransactionType TransactionStatus OrderInfo';
const ANSWERS = { querydr: `${ANSWER} PromotionCode PromotionAmount`, refund: ANSWER };
type Command = keyof typeof REQUESTS;

const FORMS: Readonly<Record<string, RegExp>> = {
  vnp_RequestId: /^[A-Za-z0-9]{1,32}$/,
  vnp_Version: /^2\.1\.0$/,
  vnp_TxnRef: /^[\w.:-]{1,100}$/,
  vnp_TransactionDate: /^\d{14}$/,
  vnp_CreateDate: /^\d{14}$/,
  vnp_IpAddr: /^[\w.:]{7,45}$/,
  vnp_OrderInfo: /^[A-Za-z0-9 ._:/-]{1,255}$/,
};

/** Merchants write numbers as texts or as numbers; both are signed as they look. */
const Body = z.record(z.string(), z.union([z.string(), z.int().transform(String)]));

/** An answer's code, and what more it tells. */
type Told = readonly [code: string, message: string, fields?: Fields];

export function addMerchantApi(router: Router, desk: PeerDesk, answer: AnswerDoor): void {
  const usedToday = createDayMemory();
  router.post('/merchant_webapi/api/transaction', express.json(), async (request, response) => {
    const body = Body.safeParse(request.body);
    const fields: Fields = body.success ? body.data : {};
    const command: Command = fields['vnp_Command'] === 'refund' ? 'refund' : 'querydr';
    const isKnownCommand = fields['vnp_Command'] === command;
    const told: Told = isKnownCommand
      ? await tell(desk, command, fields, usedToday)
      : ['03', 'Invalid data format'];
    await answer(response, command === 'refund' ? 'refund' : 'query', {
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: answerText(command, fields, told),
    });
  });
}

async function tell(
  desk: PeerDesk,
  command: Command,
  fields: Fields,
  usedToday: (id: string, today: string) => boolean,
): Promise<Told> {
  if (fields['vnp_TmnCode'] !== TMN_CODE) return ['02', 'Invalid TmnCode'];
  const signed = REQUESTS[command].split(' ').map((name) => fields[`vnp_${name}`] ?? '');
  if (!isSame(signBars(signed, HASH_SECRET), fields['vnp_SecureHash'] ?? ''))
    return ['97', 'Invalid checksum'];
  const isFormed = Object.entries(FORMS).every(([name, form]) => form.test(fields[name] ?? ''));
  if (!isFormed) return ['03', 'Invalid data format'];
  const today = clockText(desk.clock.now()).slice(0, 8);
  if (usedToday(fields['vnp_RequestId'] ?? '', today)) return ['94', 'Request is duplicated'];
  const payment = await desk.findPayment(TMN_CODE, fields['vnp_TxnRef'] ?? '');
  if (!payment || payment.details['createDate'] !== fields['vnp_TransactionDate'])
    return ['91', 'Transaction is not found'];
  return command === 'querydr' ? tellPayment(desk, payment) : refund(desk, payment, fields, today);
}

/** The latest that happened to the payment: of its refunds when there is one. */
async function tellPayment(desk: PeerDesk, payment: PeerPayment): Promise<Told> {
  const lastRefund = (await desk.refundsOf(payment)).at(-1);
  if (lastRefund) return ['00', 'QueryDR Success', refundFields(lastRefund)];
  const [charge] = await desk.chargesOf(payment);
  return [
    '00',
    'QueryDR Success',
    {
      vnp_Amount: hundredfold(charge?.amount ?? payment.amount),
      vnp_BankCode: BANK_CODE,
      vnp_PayDate: charge ? clockText(charge.chargedAt) : '',
      vnp_TransactionNo: charge?.transactionId ?? '0',
      vnp_TransactionType: '01',
      vnp_TransactionStatus: charge ? '00' : standingOf(payment, desk.clock.now()),
      vnp_OrderInfo: payment.description,
    },
  ];
}

async function refund(desk: PeerDesk, payment: PeerPayment, fields: Fields, today: string): Promise<Told> {
  const type = fields['vnp_TransactionType'] ?? '';
  const amount = dongOf(fields['vnp_Amount'] ?? '');
  if (!/^0[23]$/.test(type) || amount === null || (fields['vnp_CreateBy'] ?? '') === '')
    return ['03', 'Invalid data format'];
  const charges = await desk.chargesOf(payment);
  const number = fields['vnp_TransactionNo'] ?? '';
  const charge = charges.find(({ transactionId }) => number === '' || transactionId === number);
  if (!charge) return charges.length === 0 ? ['95', 'Transaction was not successful'] : ['91', 'Not found'];
  const before = (await desk.refundsOf(payment)).filter(({ state }) => state !== 'declined');
  if (type === '02' && before.length > 0) return ['04', 'No full refund after a partial one'];
  if (type === '02' ? amount !== charge.amount : amount >= charge.amount)
    return ['93', 'Invalid refund amount'];
  const requestId = fields['vnp_RequestId'] ?? '';
  const known = await desk.findRefund(TMN_CODE, requestId);
  if (known && clockText(known.askedAt).startsWith(today)) return ['94', 'Request is duplicated'];
  const taken = await desk.takeRefund({
    merchantId: TMN_CODE,
    // An id may be used again on another day, and is another refund then.
    refundReference: known ? `${requestId}@${today}` : requestId,
    transactionId: charge.transactionId,
    amount,
    details: { type, info: fields['vnp_OrderInfo'] ?? '' },
  });
  if (taken.kind === 'no_such_charge') return ['91', 'Not found'];
  if (taken.kind === 'too_much') return ['93', 'Invalid refund amount'];
  return taken.isNew ? ['00', 'Refund success', refundFields(taken.refund)] : ['94', 'Request is duplicated'];
}

function answerText(command: Command, asked: Fields, [code, message, told = {}]: Told): string {
  const fields: Record<string, string> = {
    vnp_ResponseId: randomBytes(16).toString('hex'),
    vnp_Command: command,
    vnp_ResponseCode: code,
    vnp_Message: message,
    vnp_TmnCode: asked['vnp_TmnCode'] ?? '',
    vnp_TxnRef: asked['vnp_TxnRef'] ?? '',
    ...told,
  };
  const signed = ANSWERS[command].split(' ').map((name) => fields[`vnp_${name}`] ?? '');
  return JSON.stringify({ ...fields, vnp_SecureHash: signBars(signed, HASH_SECRET) });
}

/** Whether an id was seen before on this day; remembers it. */
function createDayMemory(): (id: string, today: string) => boolean {
  let day = '';
  let seen = new Set<string>();
  return (id, today) => {
    if (day !== today) [day, seen] = [today, new Set()];
    const isKnown = seen.has(id);
    seen.add(id);
    return isKnown;
  };
}

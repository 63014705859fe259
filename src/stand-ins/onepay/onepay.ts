/** OnePay's other side for trying things out: both its pages, its query, its IPNs. Written from OnePay's guides, version 2. */
import express, { type Router } from 'express';
import type { GatewayStandInMaker } from '../gateway-stand-ins.ts';
import { messagePage } from '../peer/peer-pages.tsx';
import type { PaymentNews, PeerDesk, PeerProtocol, Truth } from '../peer/peer-types.ts';
import { createPeer, type AnswerDoor } from '../peer/peer.ts';
import {
  checked,
  DECLINES,
  MERCHANT,
  newsFields,
  PENDING,
  signed,
  UNKNOWN,
  type Fields,
} from './onepay-words.ts';

const NAME = 'OnePay';
const FIRST_TRANSACTION = 1_600_000n;
const LIFETIME_MS = 15 * 60_000;
/** It calls again, the guides do not say how often: here five times, a minute apart. */
const MOST_CALLS = 5;
const PAUSE_SECONDS = 60;
/** Its pages, and whether they are told a currency. */
const PAGES = [
  { path: '/onecomm-pay/vpc.op', currency: 'VND' },
  { path: '/vpcpay/vpcpay.op', currency: '' },
] as const;
const QUERY_PATH = '/msp/api/v1/vpc/invoices/queries';

/** What each field of a payment must look like. */
const FORMS: Readonly<Record<string, RegExp>> = {
  vpc_Version: /^2$/,
  vpc_Command: /^pay$/,
  vpc_Locale: /^(vn|en)$/,
  vpc_MerchTxnRef: /^[\w.:-]{1,34}$/,
  vpc_OrderInfo: /^[\w .:-]{1,34}$/,
  vpc_Amount: /^[1-9]\d{0,8}00$/,
  vpc_ReturnURL: /^https?:\/\/.+$/,
  vpc_TicketNo: /^\d{1,3}(\.\d{1,3}){3}$/,
  AgainLink: /^https?:\/\/.+$/,
  Title: /^.+$/,
};

export const createOnepayStandIn: GatewayStandInMaker = (options) => {
  // Merchants name their IPN address once, when they join; this one is the service's that this party lives in.
  const ipnUrl = (): string => new URL('../../gateways/onepay/callback', `${options.baseUrl()}/`).href;
  return {
    peer: createPeer(options, (answer) => protocolOf(answer, ipnUrl)),
    variables: {
      ONEPAY_KIND: 'domestic',
      ONEPAY_MERCHANT_ID: MERCHANT.id,
      ONEPAY_ACCESS_CODE: MERCHANT.accessCode,
      ONEPAY_HASH_KEY: MERCHANT.hashKey,
      ONEPAY_PAY_URL: `${options.baseUrl()}${PAGES[0].path}`,
      ONEPAY_QUERY_URL: `${options.baseUrl()}${QUERY_PATH}`,
      ONEPAY_QUERY_USER: MERCHANT.queryUser,
      ONEPAY_QUERY_PASSWORD: MERCHANT.queryPassword,
    },
  };
};

function protocolOf(answer: AnswerDoor, ipnUrl: () => string): PeerProtocol {
  return {
    gateway: 'onepay',
    name: NAME,
    declineCodes: DECLINES,
    unknownCode: UNKNOWN,
    processingCode: PENDING,
    transactionId: (number) => (FIRST_TRANSACTION + number).toString(),
    paymentNotice: (news, truth, now) => ({
      method: 'GET',
      url: `${news.payment.callbackUrl}?${told(news, truth, now)}`,
      headers: {},
      body: '',
    }),
    wayBack(news, now) {
      const { returnUrl } = news.payment;
      return `${returnUrl}${returnUrl.includes('?') ? '&' : '?'}${told(news, 'genuine', now)}`;
    },
    isAccepted: ({ status, body }) => status === 200 && body.includes('responsecode=1'),
    pauseSeconds: (attempts) => (attempts < MOST_CALLS ? PAUSE_SECONDS : null),
    api(desk) {
      const router = express.Router();
      for (const page of PAGES) addPage(router, desk, page, { answer, ipnUrl });
      addQuery(router, desk, answer);
      return router;
    },
  };
}

function told(news: PaymentNews, truth: Truth, now: Date): string {
  const form = signed(newsFields(news, now), truth === 'forged' ? 'AB'.repeat(16) : MERCHANT.hashKey);
  return truth === 'altered' ? form.replace('vpc_Amount=', 'vpc_Amount=1') : form;
}

function addPage(
  router: Router,
  desk: PeerDesk,
  page: (typeof PAGES)[number],
  how: { readonly answer: AnswerDoor; readonly ipnUrl: () => string },
): void {
  router.get(page.path, async (request, response) => {
    const fields = checked(request.originalUrl.split('?')[1] ?? '');
    const fault = faultOf(fields, page.currency);
    if (!fields || fault !== null) {
      const view = { locale: 'vi', base: request.baseUrl, protocol: { name: NAME } } as const;
      response.status(400).send(messagePage(view, fault ?? ''));
      return;
    }
    const location = await takePayment(desk, fields, how.ipnUrl());
    await how.answer(response, 'create', { status: 302, headers: { location }, body: '' });
  });
}

function faultOf(fields: Fields | null, currency: string): string | null {
  if (!fields) return 'Sai chữ ký (vpc_SecureHash)';
  if (fields['vpc_Merchant'] !== MERCHANT.id) return 'Mã đơn vị không tồn tại (3)';
  if (fields['vpc_AccessCode'] !== MERCHANT.accessCode) return 'Không đúng access code (4)';
  if ((fields['vpc_Currency'] ?? '') !== currency) return 'Mã tiền tệ không tồn tại (6)';
  const unfit = Object.entries(FORMS).find(([name, form]) => !form.test(fields[name] ?? ''));
  return unfit ? `Dữ liệu không hợp lệ (${unfit[0]})` : null;
}

async function takePayment(desk: PeerDesk, fields: Fields, ipnUrl: string): Promise<string> {
  const of = (name: string): string => fields[name] ?? '';
  const { payment } = await desk.takePayment({
    merchantId: MERCHANT.id,
    reference: of('vpc_MerchTxnRef'),
    amount: BigInt(of('vpc_Amount')) / 100n,
    description: of('vpc_OrderInfo'),
    locale: of('vpc_Locale') === 'en' ? 'en' : 'vi',
    returnUrl: of('vpc_ReturnURL'),
    callbackUrl: ipnUrl,
    expiresAt: new Date(desk.clock.now().getTime() + LIFETIME_MS),
    details: { currency: of('vpc_Currency') },
  });
  return desk.payPageUrl(payment);
}

function addQuery(router: Router, desk: PeerDesk, answer: AnswerDoor): void {
  router.post(QUERY_PATH, express.text({ type: () => true }), async (request, response) => {
    const fields = typeof request.body === 'string' ? checked(request.body) : null;
    const isKnown =
      fields?.['vpc_Merchant'] === MERCHANT.id &&
      fields['vpc_User'] === MERCHANT.queryUser &&
      fields['vpc_Password'] === MERCHANT.queryPassword;
    if (!fields || !isKnown || fields['vpc_Command'] !== 'queryDR') {
      response.status(403).type('text/plain').send('access denied');
      return;
    }
    const reference = fields['vpc_MerchTxnRef'] ?? '';
    const payment = await desk.findPayment(MERCHANT.id, reference);
    const [charge] = payment ? await desk.chargesOf(payment) : [];
    const news: Fields = payment
      ? newsFields({ payment, charge: charge ?? null, code: null }, desk.clock.now())
      : { vpc_MerchTxnRef: reference, vpc_Merchant: MERCHANT.id };
    await answer(response, 'query', {
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: signed({ vpc_DRExists: payment ? 'Y' : 'N', ...news }),
    });
  });
}

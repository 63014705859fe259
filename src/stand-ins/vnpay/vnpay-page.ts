/** The played VNPAY's door for payers: takes the payment that a signed address asks for, or shows which fault it has. */
import type { Request, Response, Router } from 'express';
import { messagePage } from '../peer/peer-pages.tsx';
import type { PeerDesk, PeerProtocol } from '../peer/peer-types.ts';
import type { AnswerDoor } from '../peer/peer.ts';
import { checkQuery } from './vnpay-signatures.ts';
import { clockTime, dongOf, HASH_SECRET, TMN_CODE, type Fields } from './vnpay-words.ts';

/** The faults its error page knows, as the real one words them. */
const FAULTS: Readonly<Record<string, string>> = {
  '01': 'Giao dịch đã tồn tại',
  '03': 'Dữ liệu gửi sang không đúng định dạng',
  '15': 'Giao dịch đã quá thời gian chờ thanh toán',
  '32': 'Số tiền giao dịch không hợp lệ. Số tiền hợp lệ từ 5,000 đến dưới 1 tỷ đồng',
  '70': 'Sai chữ ký',
  '72': 'Không tìm thấy website',
};

/** What each field of a payment must look like (pay.html). */
const FORMS: Readonly<Record<string, RegExp>> = {
  vnp_Version: /^2\.1\.0$/,
  vnp_Command: /^pay$/,
  vnp_Amount: /^\d{1,12}$/,
  vnp_CurrCode: /^VND$/,
  vnp_TxnRef: /^[\w.:-]{1,100}$/,
  vnp_OrderInfo: /^[A-Za-z0-9 ._:/#-]{1,255}$/,
  vnp_OrderType: /^\w{1,100}$/,
  vnp_Locale: /^(vn|en)$/,
  vnp_ReturnUrl: /^https?:\/\/.{1,247}$/,
  vnp_IpAddr: /^[\w.:]{7,45}$/,
  vnp_CreateDate: /^\d{14}$/,
  vnp_ExpireDate: /^\d{14}$/,
};

export function addPayDoor(
  router: Router,
  desk: PeerDesk,
  protocol: Pick<PeerProtocol, 'name'>,
  how: { readonly answer: AnswerDoor; readonly ipnUrl: () => string },
): void {
  router.get('/paymentv2/vpcpay.html', async (request, response) => {
    const query = request.originalUrl.split('?')[1] ?? '';
    const fields = checkQuery(query, HASH_SECRET);
    const fault = fields ? faultOf(fields, desk.clock.now()) : '70';
    const target =
      fields && fault === null
        ? await takePayment(desk, fields, { query, ipnUrl: how.ipnUrl() })
        : { fault: fault ?? '70' };
    const location = 'url' in target ? target.url : errorPage(request, target.fault);
    await how.answer(response, 'create', { status: 302, headers: { location }, body: '' });
  });

  router.get('/paymentv2/Payment/Error.html', (request: Request, response: Response) => {
    const { code } = request.query;
    const words = typeof code === 'string' ? `${FAULTS[code] ?? 'Lỗi không xác định'} (${code})` : 'Lỗi';
    response.send(messagePage({ locale: 'vi', base: request.baseUrl, protocol }, words));
  });
}

function faultOf(fields: Fields, now: Date): string | null {
  if (fields['vnp_TmnCode'] !== TMN_CODE) return '72';
  const isFormed = Object.entries(FORMS).every(([name, form]) => form.test(fields[name] ?? ''));
  const expiresAt = clockTime(fields['vnp_ExpireDate'] ?? '');
  if (!isFormed || !expiresAt) return '03';
  const dong = dongOf(fields['vnp_Amount'] ?? '');
  if (dong === null || dong < 5_000n || dong >= 1_000_000_000n) return '32';
  return expiresAt <= now ? '15' : null;
}

/** Once for each reference: the same address again finds the page of before, another one finds it taken. */
async function takePayment(
  desk: PeerDesk,
  fields: Fields,
  from: { readonly query: string; readonly ipnUrl: string },
): Promise<{ readonly url: string } | { readonly fault: string }> {
  const of = (name: string): string => fields[name] ?? '';
  const { payment } = await desk.takePayment({
    merchantId: TMN_CODE,
    reference: of('vnp_TxnRef'),
    amount: dongOf(of('vnp_Amount')) ?? 0n,
    description: of('vnp_OrderInfo'),
    locale: of('vnp_Locale') === 'en' ? 'en' : 'vi',
    returnUrl: of('vnp_ReturnUrl'),
    callbackUrl: from.ipnUrl,
    expiresAt: clockTime(of('vnp_ExpireDate')) ?? desk.clock.now(),
    details: { createDate: of('vnp_CreateDate'), query: from.query },
  });
  return payment.details['query'] === from.query ? { url: desk.payPageUrl(payment) } : { fault: '01' };
}

function errorPage(request: Request, fault: string): string {
  return `${request.baseUrl}/paymentv2/Payment/Error.html?code=${fault}`;
}

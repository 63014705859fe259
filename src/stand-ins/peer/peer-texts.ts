/** What the pages of played gateways say, in both languages. A stranger's wording, not the service's. */

const VI = {
  strip: (name: string) => `Trang ${name} giả lập để thử nghiệm. Không có tiền thật.`,
  otherLanguage: 'English',
  payTitle: 'Xác nhận thanh toán',
  decidedTitle: 'Giao dịch đã được xử lý',
  expiredTitle: 'Giao dịch đã hết hạn',
  payee: 'Đơn vị nhận',
  content: 'Nội dung',
  reference: 'Mã tham chiếu',
  approve: 'Đồng ý thanh toán',
  decline: 'Từ chối',
  declineWith: 'Lý do từ chối',
  unknownCode: 'mã không có trong tài liệu',
  faultsTitle: 'Thử các tình huống lỗi',
  noReturn: 'Thanh toán rồi đóng trình duyệt, không quay lại',
  twice: 'Trừ tiền hai lần',
  otherAmount: 'Thanh toán số tiền khác',
  later: 'Trả lời sau (giây)',
  back: 'Quay lại trang của đơn vị nhận',
  bookTitle: 'Sổ giao dịch',
  payments: 'Giao dịch',
  charges: 'Các lần trừ tiền',
  refunds: 'Các lần hoàn tiền',
  notices: 'Thông báo cho đơn vị nhận',
  switches: 'Lỗi đang bật',
  switchOn: 'Bật',
  switchTitle: 'Bật lỗi của cổng',
  times: 'Số lần',
  none: 'Chưa có gì.',
  time: 'Thời điểm',
  amount: 'Số tiền',
  transaction: 'Mã giao dịch',
  state: 'Trạng thái',
  attempts: 'Số lần gửi',
  answer: 'Trả lời',
  notFound: 'Không có giao dịch này.',
  badForm: 'Không đọc được lựa chọn. Hãy quay lại và thử lại.',
  states: { open: 'đang chờ', processing: 'đang xử lý', approved: 'thành công', declined: 'từ chối' },
  manners: {
    once: 'Thanh toán',
    twice: 'Thanh toán, thông báo gửi hai lần',
    forged: 'Thanh toán, kèm một thông báo giả mạo',
    altered: 'Thanh toán, kèm một thông báo bị sửa số tiền',
    delayed: 'Thanh toán, thông báo chậm 30 giây',
    reordered: 'Thanh toán, sau đó báo "đang xử lý"',
    lost: 'Thanh toán, ba thông báo đầu bị thất lạc',
    never: 'Thanh toán nhưng cổng không báo',
  },
};

export type PeerTexts = typeof VI;

const EN: PeerTexts = {
  strip: (name) => `A pretend ${name} page for trying things out. No real money.`,
  otherLanguage: 'Tiếng Việt',
  payTitle: 'Confirm the payment',
  decidedTitle: 'This payment has been dealt with',
  expiredTitle: 'This payment has expired',
  payee: 'Payee',
  content: 'Description',
  reference: 'Reference',
  approve: 'Approve',
  decline: 'Decline',
  declineWith: 'Reason for declining',
  unknownCode: 'a code no document lists',
  faultsTitle: 'Try what can go wrong',
  noReturn: 'Pay, then close the browser and never return',
  twice: 'Charge twice',
  otherAmount: 'Pay another amount',
  later: 'Answer later (seconds)',
  back: 'Back to the payee',
  bookTitle: 'Book of payments',
  payments: 'Payments',
  charges: 'Charges',
  refunds: 'Refunds',
  notices: 'Notices to merchants',
  switches: 'Faults switched on',
  switchOn: 'Switch on',
  switchTitle: 'Switch on a fault of the gateway',
  times: 'Times',
  none: 'Nothing yet.',
  time: 'Time',
  amount: 'Amount',
  transaction: 'Transaction',
  state: 'State',
  attempts: 'Sendings',
  answer: 'Answer',
  notFound: 'There is no such payment.',
  badForm: 'The choice could not be read. Go back and try again.',
  states: { open: 'waiting', processing: 'processing', approved: 'succeeded', declined: 'declined' },
  manners: {
    once: 'Pay',
    twice: 'Pay, the notice is sent twice',
    forged: 'Pay, with a forged notice beside the real one',
    altered: 'Pay, with a notice whose amount was edited',
    delayed: 'Pay, the notice is half a minute late',
    reordered: 'Pay, and say "still processing" afterwards',
    lost: 'Pay, the first three notices are lost',
    never: 'Pay, but the gateway tells nobody',
  },
};

export type PeerLocale = 'vi' | 'en';

export function peerTexts(locale: PeerLocale): PeerTexts {
  return locale === 'en' ? EN : VI;
}

/** `503.000 ₫`, or `503,000 VND` in English. */
export function peerAmount(amount: bigint, locale: PeerLocale): string {
  const grouped = amount.toString().replaceAll(/\B(?=(\d{3})+$)/g, locale === 'en' ? ',' : '.');
  return locale === 'en' ? `${grouped} VND` : `${grouped} ₫`;
}

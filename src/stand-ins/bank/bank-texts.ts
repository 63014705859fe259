/** What the pretend bank says on its own pages, in both languages. It is a stranger's wording, not the service's. */

const VI = {
  bank: 'Ngân hàng thử nghiệm',
  strip: 'Ngân hàng giả lập để thử nghiệm. Không có tiền thật.',
  otherLanguage: 'English',
  payTitle: 'Xác nhận thanh toán',
  amount: 'Số tiền',
  payee: 'Đơn vị nhận',
  content: 'Nội dung',
  reference: 'Mã tham chiếu',
  approve: 'Đồng ý thanh toán',
  decline: 'Từ chối',
  declineWith: 'Lý do từ chối',
  faultsTitle: 'Thử các tình huống lỗi',
  noReturn: 'Thanh toán rồi đóng trình duyệt, không quay lại',
  twice: 'Trừ tiền hai lần',
  otherAmount: 'Thanh toán số tiền khác',
  later: 'Trả lời sau (giây)',
  sayNothing: 'Thanh toán nhưng ngân hàng không báo',
  noticeTwice: 'Thanh toán, thông báo gửi hai lần',
  noticeForged: 'Thanh toán, kèm một thông báo giả mạo',
  noticeLost: 'Thanh toán, ba thông báo đầu bị thất lạc',
  decidedTitle: 'Lệnh thanh toán đã được xử lý',
  expiredTitle: 'Lệnh thanh toán đã hết hạn',
  back: 'Quay lại trang của đơn vị nhận',
  bookTitle: 'Sổ của ngân hàng',
  waiting: 'Lệnh đang chờ người trả tiền',
  charges: 'Các lần trừ tiền',
  refunds: 'Các lần hoàn tiền',
  notices: 'Thông báo cho đơn vị nhận',
  switches: 'Lỗi đang bật',
  none: 'Chưa có gì.',
  time: 'Thời điểm',
  transaction: 'Mã giao dịch',
  state: 'Trạng thái',
  attempts: 'Số lần gửi',
  answer: 'Trả lời',
  file: 'Tệp đối soát hôm nay',
  notFound: 'Không có lệnh thanh toán này.',
  badForm: 'Không đọc được lựa chọn. Hãy quay lại và thử lại.',
  states: { open: 'đang chờ', processing: 'đang xử lý', approved: 'đã trừ tiền', declined: 'đã từ chối' },
  codes: {
    '51': 'Không đủ số dư',
    '61': 'Vượt hạn mức',
    '55': 'Sai mã OTP',
    '24': 'Người trả tiền hủy',
    '91': 'Ngân hàng bảo trì',
  },
};

export type BankTexts = typeof VI;

const EN: BankTexts = {
  bank: 'Test bank',
  strip: 'A pretend bank for trying things out. No real money.',
  otherLanguage: 'Tiếng Việt',
  payTitle: 'Confirm the payment',
  amount: 'Amount',
  payee: 'Payee',
  content: 'Description',
  reference: 'Reference',
  approve: 'Approve',
  decline: 'Decline',
  declineWith: 'Reason for declining',
  faultsTitle: 'Try what can go wrong',
  noReturn: 'Pay, then close the browser and never return',
  twice: 'Charge twice',
  otherAmount: 'Pay another amount',
  later: 'Answer later (seconds)',
  sayNothing: 'Pay, but the bank tells nobody',
  noticeTwice: 'Pay, the notice is sent twice',
  noticeForged: 'Pay, with a forged notice beside the real one',
  noticeLost: 'Pay, the first three notices are lost',
  decidedTitle: 'This payment has been dealt with',
  expiredTitle: 'This payment has expired',
  back: 'Back to the payee',
  bookTitle: "The bank's book",
  waiting: 'Orders waiting for the payer',
  charges: 'Charges',
  refunds: 'Refunds',
  notices: 'Notices to merchants',
  switches: 'Faults switched on',
  none: 'Nothing yet.',
  time: 'Time',
  transaction: 'Transaction',
  state: 'State',
  attempts: 'Sendings',
  answer: 'Answer',
  file: "Today's settlement file",
  notFound: 'There is no such payment.',
  badForm: 'The choice could not be read. Go back and try again.',
  states: { open: 'waiting', processing: 'processing', approved: 'charged', declined: 'declined' },
  codes: {
    '51': 'Insufficient funds',
    '61': 'Over the limit',
    '55': 'Wrong one-time code',
    '24': 'Cancelled by the payer',
    '91': 'Bank in maintenance',
  },
};

export type BankLocale = 'vi' | 'en';

export function bankTexts(locale: BankLocale): BankTexts {
  return locale === 'en' ? EN : VI;
}

/** `503.000 ₫`, or `503,000 VND` in English. */
export function bankAmount(amount: bigint, locale: BankLocale): string {
  const grouped = amount.toString().replaceAll(/\B(?=(\d{3})+$)/g, locale === 'en' ? ',' : '.');
  return locale === 'en' ? `${grouped} VND` : `${grouped} ₫`;
}

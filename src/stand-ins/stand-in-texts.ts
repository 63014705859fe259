/** What the pages of other parties say alike, in both languages. Strangers' wording, not the service's. */

export type StandInLocale = 'vi' | 'en';

const VI = {
  otherLanguage: 'English',
  payTitle: 'Xác nhận thanh toán',
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
  back: 'Quay lại trang của đơn vị nhận',
  charges: 'Các lần trừ tiền',
  refunds: 'Các lần hoàn tiền',
  notices: 'Thông báo cho đơn vị nhận',
  switches: 'Lỗi đang bật',
  none: 'Chưa có gì.',
  time: 'Thời điểm',
  amount: 'Số tiền',
  transaction: 'Mã giao dịch',
  state: 'Trạng thái',
  attempts: 'Số lần gửi',
  answer: 'Trả lời',
  badForm: 'Không đọc được lựa chọn. Hãy quay lại và thử lại.',
  noticeTwice: 'Thanh toán, thông báo gửi hai lần',
  noticeForged: 'Thanh toán, kèm một thông báo giả mạo',
  noticeLost: 'Thanh toán, ba thông báo đầu bị thất lạc',
};

export type StandInTexts = typeof VI;

const EN: StandInTexts = {
  otherLanguage: 'Tiếng Việt',
  payTitle: 'Confirm the payment',
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
  back: 'Back to the payee',
  charges: 'Charges',
  refunds: 'Refunds',
  notices: 'Notices to merchants',
  switches: 'Faults switched on',
  none: 'Nothing yet.',
  time: 'Time',
  amount: 'Amount',
  transaction: 'Transaction',
  state: 'State',
  attempts: 'Sendings',
  answer: 'Answer',
  badForm: 'The choice could not be read. Go back and try again.',
  noticeTwice: 'Pay, the notice is sent twice',
  noticeForged: 'Pay, with a forged notice beside the real one',
  noticeLost: 'Pay, the first three notices are lost',
};

export const STAND_IN_TEXTS = { vi: VI, en: EN } as const;

/** `503.000 ₫`, or `503,000 VND` in English. */
export function dong(amount: bigint, locale: StandInLocale): string {
  const grouped = amount.toString().replaceAll(/\B(?=(\d{3})+$)/g, locale === 'en' ? ',' : '.');
  return locale === 'en' ? `${grouped} VND` : `${grouped} ₫`;
}

/** 09:14:02 22/11/2026, Viet Nam, which keeps +07:00 all year. */
export function hanoiClock(at: Date): string {
  const local = new Date(at.getTime() + 7 * 3_600_000).toISOString();
  return `${local.slice(11, 19)} ${local.slice(8, 10)}/${local.slice(5, 7)}/${local.slice(0, 4)}`;
}

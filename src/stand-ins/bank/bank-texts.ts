/** What the pretend bank says on its own pages, in both languages. It is a stranger's wording, not the service's. */
import { STAND_IN_TEXTS, type StandInLocale } from '../stand-in-texts.ts';

const VI = {
  ...STAND_IN_TEXTS.vi,
  bank: 'Ngân hàng thử nghiệm',
  strip: 'Ngân hàng giả lập để thử nghiệm. Không có tiền thật.',
  sayNothing: 'Thanh toán nhưng ngân hàng không báo',
  decidedTitle: 'Lệnh thanh toán đã được xử lý',
  expiredTitle: 'Lệnh thanh toán đã hết hạn',
  bookTitle: 'Sổ của ngân hàng',
  waiting: 'Lệnh đang chờ người trả tiền',
  file: 'Tệp đối soát hôm nay',
  notFound: 'Không có lệnh thanh toán này.',
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
  ...STAND_IN_TEXTS.en,
  bank: 'Test bank',
  strip: 'A pretend bank for trying things out. No real money.',
  sayNothing: 'Pay, but the bank tells nobody',
  decidedTitle: 'This payment has been dealt with',
  expiredTitle: 'This payment has expired',
  bookTitle: "The bank's book",
  waiting: 'Orders waiting for the payer',
  file: "Today's settlement file",
  notFound: 'There is no such payment.',
  states: { open: 'waiting', processing: 'processing', approved: 'charged', declined: 'declined' },
  codes: {
    '51': 'Insufficient funds',
    '61': 'Over the limit',
    '55': 'Wrong one-time code',
    '24': 'Cancelled by the payer',
    '91': 'Bank in maintenance',
  },
};

export function bankTexts(locale: StandInLocale): BankTexts {
  return locale === 'en' ? EN : VI;
}

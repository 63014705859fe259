/** What the pages of played gateways say, in both languages. A stranger's wording, not the service's. */
import { STAND_IN_TEXTS, type StandInLocale } from '../stand-in-texts.ts';

const VI = {
  ...STAND_IN_TEXTS.vi,
  strip: (name: string) => `Trang ${name} giả lập để thử nghiệm. Không có tiền thật.`,
  decidedTitle: 'Giao dịch đã được xử lý',
  expiredTitle: 'Giao dịch đã hết hạn',
  unknownCode: 'mã không có trong tài liệu',
  bookTitle: 'Sổ giao dịch',
  payments: 'Giao dịch',
  switchOn: 'Bật',
  switchTitle: 'Bật lỗi của cổng',
  times: 'Số lần',
  notFound: 'Không có giao dịch này.',
  states: { open: 'đang chờ', processing: 'đang xử lý', approved: 'thành công', declined: 'từ chối' },
  manners: {
    once: 'Thanh toán',
    twice: STAND_IN_TEXTS.vi.noticeTwice,
    forged: STAND_IN_TEXTS.vi.noticeForged,
    altered: 'Thanh toán, kèm một thông báo bị sửa số tiền',
    delayed: 'Thanh toán, thông báo chậm 30 giây',
    reordered: 'Thanh toán, sau đó báo "đang xử lý"',
    lost: STAND_IN_TEXTS.vi.noticeLost,
    never: 'Thanh toán nhưng cổng không báo',
  },
};

export type PeerTexts = typeof VI;

const EN: PeerTexts = {
  ...STAND_IN_TEXTS.en,
  strip: (name) => `A pretend ${name} page for trying things out. No real money.`,
  decidedTitle: 'This payment has been dealt with',
  expiredTitle: 'This payment has expired',
  unknownCode: 'a code no document lists',
  bookTitle: 'Book of payments',
  payments: 'Payments',
  switchOn: 'Switch on',
  switchTitle: 'Switch on a fault of the gateway',
  times: 'Times',
  notFound: 'There is no such payment.',
  states: { open: 'waiting', processing: 'processing', approved: 'succeeded', declined: 'declined' },
  manners: {
    once: 'Pay',
    twice: STAND_IN_TEXTS.en.noticeTwice,
    forged: STAND_IN_TEXTS.en.noticeForged,
    altered: 'Pay, with a notice whose amount was edited',
    delayed: 'Pay, the notice is half a minute late',
    reordered: 'Pay, and say "still processing" afterwards',
    lost: STAND_IN_TEXTS.en.noticeLost,
    never: 'Pay, but the gateway tells nobody',
  },
};

export function peerTexts(locale: StandInLocale): PeerTexts {
  return locale === 'en' ? EN : VI;
}

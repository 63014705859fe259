/** The money sentences, word for word: they are promises. */
import assert from 'node:assert/strict';
import { vnd } from '../../src/domain/kernel/money.ts';
import { day } from '../../src/domain/kernel/time.ts';
import { moneySentence, moneyTag, type MoneyState } from '../../src/web/money-sentence.ts';

const timeZone = 'Asia/Ho_Chi_Minh';
const at = new Date('2026-11-20T04:30:00Z');
const [amount, due] = [vnd(500_000), vnd(503_000)];

const TABLE: readonly { state: MoneyState; tag: string; vi: string; en: string }[] = [
  {
    state: { kind: 'not_paid' },
    tag: 'Chưa nộp',
    vi: 'Chưa có khoản tiền nào bị trừ.',
    en: 'No money has been taken.',
  },
  {
    state: { kind: 'not_received' },
    tag: 'Chưa nhận được tiền',
    vi: 'Chúng tôi chưa nhận được tiền chuyển khoản. Nếu bạn đã chuyển, đừng nộp lại: tiền đến sau vẫn được ghi nhận.',
    en: 'We have not received a transfer. If you have sent one, do not pay again: it counts when it arrives.',
  },
  {
    state: { kind: 'waiting' },
    tag: 'Chờ ngân hàng',
    vi: 'Chúng tôi chưa biết ngân hàng đã trừ tiền hay chưa. Đừng nộp lại lúc này.',
    en: 'We do not know yet whether your bank has taken the money. Do not pay again now.',
  },
  {
    state: { kind: 'paid', amount: due },
    tag: 'Đã nộp',
    vi: 'Cơ quan thu đã ghi nhận 503.000 đồng.',
    en: 'The agency has recorded your payment of 503,000 VND.',
  },
  {
    state: { kind: 'failed' },
    tag: 'Không thành công',
    vi: 'Ngân hàng báo không trừ tiền. Bạn có thể nộp lại.',
    en: 'Your bank says it took no money. You can pay again.',
  },
  {
    state: { kind: 'checking', bankName: 'VCB', answerBy: at },
    tag: 'Đang kiểm tra',
    vi: 'Chúng tôi đang kiểm tra với VCB. Kết quả có ở trang này trước 11:30 ngày 20/11/2026. Bạn không cần nộp lại.',
    en: 'We are checking with VCB. This page will have the result by 11:30 on 20/11/2026. You do not need to pay again.',
  },
  {
    state: { kind: 'refund_under_way', amount, by: day('2026-11-25') },
    tag: 'Đang hoàn tiền',
    vi: '500.000 đồng đang được trả về tài khoản bạn đã dùng để nộp, chậm nhất 25/11/2026.',
    en: '500,000 VND is being returned to the account you paid from, by 25/11/2026.',
  },
  {
    state: { kind: 'refund_under_way', amount, by: day('2026-11-25'), to: 'account_named' },
    tag: 'Đang hoàn tiền',
    vi: '500.000 đồng đang được trả về tài khoản bạn cho chúng tôi biết, chậm nhất 25/11/2026.',
    en: '500,000 VND is being returned to the account you tell us, by 25/11/2026.',
  },
  {
    state: { kind: 'refund_under_way', amount, by: day('2026-11-25'), to: 'account_awaited' },
    tag: 'Đang hoàn tiền',
    vi: 'Chúng tôi đang giữ 500.000 đồng của bạn và sẽ chuyển trả sau khi bạn cho biết tài khoản.',
    en: 'We are holding 500,000 VND for you and will transfer it once you tell us an account.',
  },
  {
    state: { kind: 'refunded', amount, at },
    tag: 'Đã hoàn tiền',
    vi: 'Ngân hàng đã trả 500.000 đồng cho bạn lúc 11:30 ngày 20/11/2026.',
    en: 'Your bank returned 500,000 VND at 11:30 on 20/11/2026.',
  },
  {
    state: { kind: 'expired', money: 'not_paid' },
    tag: 'Hết hạn',
    vi: 'Lần thanh toán này đã hết hạn. Chưa có khoản tiền nào bị trừ.',
    en: 'This attempt has expired. No money has been taken.',
  },
  {
    state: { kind: 'expired', money: 'waiting' },
    tag: 'Hết hạn',
    vi: 'Lần thanh toán này đã hết hạn. Chúng tôi chưa biết ngân hàng đã trừ tiền hay chưa. Đừng nộp lại lúc này.',
    en: 'This attempt has expired. We do not know yet whether your bank has taken the money. Do not pay again now.',
  },
  {
    state: { kind: 'expired', money: 'not_received' },
    tag: 'Hết hạn',
    vi: 'Mã chuyển khoản này đã hết hạn. Chúng tôi chưa nhận được tiền. Nếu bạn đã chuyển, đừng nộp lại: tiền đến sau vẫn được ghi nhận.',
    en: 'This transfer code has expired. We have received no money. If you have sent it, do not pay again: it counts when it arrives.',
  },
  {
    state: { kind: 'cancelled' },
    tag: 'Đã hủy',
    vi: 'Bạn đã hủy. Chưa có khoản tiền nào bị trừ.',
    en: 'You cancelled. No money has been taken.',
  },
  {
    state: { kind: 'amount_differs', received: amount, due, next: { kind: 'pay_rest', by: at } },
    tag: 'Lệch số tiền',
    vi: 'Chúng tôi đã nhận 500.000 đồng nhưng số phải nộp là 503.000 đồng. Tiền được giữ an toàn; bạn nộp thêm 3.000 đồng với cùng mã này trước 11:30 ngày 20/11/2026.',
    en: 'We have received 500,000 VND but 503,000 VND is due. The money is safe; pay the remaining 3,000 VND with the same code by 11:30 on 20/11/2026.',
  },
  {
    state: { kind: 'amount_differs', received: amount, due, next: { kind: 'checking' } },
    tag: 'Lệch số tiền',
    vi: 'Chúng tôi đã nhận 500.000 đồng nhưng số phải nộp là 503.000 đồng. Tiền được giữ an toàn; chúng tôi đang kiểm tra và bạn không cần nộp lại.',
    en: 'We have received 500,000 VND but 503,000 VND is due. The money is safe; we are checking and you do not need to pay again.',
  },
  {
    state: { kind: 'amount_differs', received: amount, due, next: { kind: 'refund' } },
    tag: 'Lệch số tiền',
    vi: 'Chúng tôi đã nhận 500.000 đồng nhưng số phải nộp là 503.000 đồng. Tiền được giữ an toàn; chúng tôi trả lại 500.000 đồng về tài khoản bạn đã dùng để nộp.',
    en: 'We have received 500,000 VND but 503,000 VND is due. The money is safe; we are returning 500,000 VND to the account you paid from.',
  },
  {
    state: { kind: 'amount_differs', received: amount, due, next: { kind: 'refund', to: 'account_named' } },
    tag: 'Lệch số tiền',
    vi: 'Chúng tôi đã nhận 500.000 đồng nhưng số phải nộp là 503.000 đồng. Tiền được giữ an toàn; chúng tôi trả lại 500.000 đồng về tài khoản bạn cho chúng tôi biết.',
    en: 'We have received 500,000 VND but 503,000 VND is due. The money is safe; we are returning 500,000 VND to the account you tell us.',
  },
  {
    state: { kind: 'amount_differs', received: amount, due, next: { kind: 'refund', to: 'account_awaited' } },
    tag: 'Lệch số tiền',
    vi: 'Chúng tôi đã nhận 500.000 đồng nhưng số phải nộp là 503.000 đồng. Tiền được giữ an toàn; chúng tôi chuyển trả 500.000 đồng sau khi bạn cho biết tài khoản.',
    en: 'We have received 500,000 VND but 503,000 VND is due. The money is safe; we will transfer 500,000 VND back once you tell us an account.',
  },
];

describe('the money sentence', () => {
  for (const { state, tag, vi, en } of TABLE) {
    it(`of ${JSON.stringify(state, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))} is fixed in both languages`, () => {
      assert.equal(moneySentence(state, { locale: 'vi', timeZone }), vi);
      assert.equal(moneySentence(state, { locale: 'en', timeZone }), en);
      assert.equal(moneyTag(state, 'vi'), tag);
    });
  }

  it('says that no money was taken in definitive states only', () => {
    const definitive = new Set(['not_paid', 'failed', 'cancelled']);
    for (const { state, vi, en } of TABLE) {
      const claimsNothingTaken = /không trừ tiền|Chưa có khoản tiền nào/.test(vi);
      const isDefinitive =
        definitive.has(state.kind) || (state.kind === 'expired' && state.money === 'not_paid');
      assert.equal(claimsNothingTaken, isDefinitive, vi);
      assert.equal(/took no money|No money has been taken/.test(en), isDefinitive, en);
    }
  });
});

/** Amounts, days, instants and masks as people read them. */
import assert from 'node:assert/strict';
import { money, vnd } from '../../src/domain/kernel/money.ts';
import { day } from '../../src/domain/kernel/time.ts';
import * as formats from '../../src/web/formats.ts';

const NBSP = '\u00a0';

describe('an amount on a page', () => {
  const table = [
    [formats.moneyText(vnd(503_000), 'vi'), '503.000 đồng'],
    [formats.moneyText(vnd(503_000), 'en'), '503,000 VND'],
    [formats.moneyText(vnd(0), 'vi'), '0 đồng'],
    [formats.moneyText(vnd(999), 'vi'), '999 đồng'],
    [formats.moneyText(vnd(1_000), 'vi'), '1.000 đồng'],
    [formats.moneyText(vnd(18_427_650_000), 'vi'), '18.427.650.000 đồng'],
    [formats.moneyFigure(vnd(503_000), 'vi'), `503.000${NBSP}₫`],
    [formats.moneyFigure(vnd(503_000), 'en'), `503,000${NBSP}VND`],
    [formats.moneyFigure(vnd(-3_215_000), 'vi'), `−3.215.000${NBSP}₫`],
    [formats.signedMoneyFigure(vnd(500_000), 'vi'), `+500.000${NBSP}₫`],
    [formats.signedMoneyFigure(vnd(0), 'vi'), `0${NBSP}₫`],
    [formats.moneyText(money(123_456n, 'USD'), 'vi'), '1.234,56 USD'],
    [formats.moneyText(money(-5n, 'USD'), 'en'), '−0.05 USD'],
    [formats.moneyText(money(1_234_567n, 'KWD'), 'en'), '1,234.567 KWD'],
    [formats.moneyText(vnd(9_000_000_000_000_001n), 'vi'), '9.000.000.000.000.001 đồng'],
    [formats.countText(12_846, 'vi'), '12.846'],
    [formats.countText(-1_000, 'en'), '−1,000'],
    [formats.percentOfPpm(500, 'vi'), '0,05%'],
    [formats.percentOfPpm(999_600, 'vi'), '99,96%'],
    [formats.percentOfPpm(1_000_000, 'en'), '100%'],
    [formats.percentOfPpm(0, 'en'), '0%'],
  ] as const;
  for (const [written, expected] of table) {
    it(`is written ${expected}`, () => assert.equal(written, expected));
  }
});

describe('a day or an instant on a page', () => {
  const at = new Date('2026-03-09T02:05:02Z');
  const vi = formats.instantFormat('Asia/Ho_Chi_Minh', 'vi');
  const table = [
    [formats.dayText(day('2026-11-20')), '20/11/2026'],
    [formats.longDayText(day('2026-11-20'), 'vi'), 'ngày 20 tháng 11 năm 2026'],
    [formats.longDayText(day('2020-04-02'), 'vi'), 'ngày 02 tháng 4 năm 2020'],
    [formats.longDayText(day('2020-02-02'), 'vi'), 'ngày 02 tháng 02 năm 2020'],
    [formats.longDayText(day('2020-04-02'), 'en'), '2 April 2020'],
    [formats.weekdayText(day('2026-11-19'), 'vi'), 'Thứ Năm'],
    [formats.weekdayText(day('2026-11-22'), 'vi'), 'Chủ nhật'],
    [formats.weekdayText(day('2026-11-22'), 'en'), 'Sunday'],
    // Intl's short style gives "09:05 9/3/26" here.
    [vi.moment(at), '09:05 ngày 09/03/2026'],
    [vi.date(at), '09/03/2026'],
    [vi.time(at), '09:05'],
    [vi.timeWithSeconds(at), '09:05:02'],
    [vi.momentWithSeconds(at), '09:05:02 ngày 09/03/2026'],
    [vi.moment(new Date('2026-11-19T17:00:00Z')), '00:00 ngày 20/11/2026'],
    [formats.instantFormat('Asia/Ho_Chi_Minh', 'en').moment(at), '09:05 on 09/03/2026'],
    [formats.instantFormat('UTC', 'vi').moment(at), '02:05 ngày 09/03/2026'],
  ] as const;
  for (const [written, expected] of table) {
    it(`is written ${expected}`, () => assert.equal(written, expected));
  }
});

describe('a mask', () => {
  const table = [
    [formats.maskIdentity('001099012389'), '0010••••••89'],
    [formats.maskIdentity('0123'), '••••••'],
    [formats.maskIdentity(''), '••••••'],
    [formats.maskAccount('0071000124567'), '••4567'],
    [formats.maskAccount('12'), '••'],
    [formats.maskPhone('0912 345 621'), '09••••••21'],
    [formats.maskPhone('12'), '••••••'],
    [formats.maskEmail('minh@gmail.com'), 'm•••@gmail.com'],
    [formats.maskEmail('@'), '••••••'],
    [formats.maskName('NGUYỄN VĂN MINH'), 'N••••• V•• M•••'],
    [formats.maskName('Đỗ'), 'Đ•'],
    // Decomposed marks count as part of their letter.
    [formats.maskName('Đỗ'.normalize('NFD')), 'Đ•'],
    [formats.maskName('  '), ''],
    [formats.bankName('Kho bạc Nhà nước Đà Nẵng'), 'KHO BAC NHA NUOC DA NANG'],
  ] as const;
  for (const [written, expected] of table) {
    it(`shows ${expected || 'nothing of nothing'}`, () => assert.equal(written, expected));
  }
});

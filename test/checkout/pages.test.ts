/** Every page in every state and both languages: structure, escaping, money sentences, size. */
import assert from 'node:assert/strict';
import { brotliCompressSync } from 'node:zlib';
import { orderPage } from '../../src/checkout/order-page.tsx';
import { handOffPage } from '../../src/checkout/handoff-page.tsx';
import { verifyPage } from '../../src/checkout/receipt-page.tsx';
import { resultPage } from '../../src/checkout/result-page.tsx';
import { statusPage } from '../../src/checkout/status-page.tsx';
import { findPage } from '../../src/checkout/find-page.tsx';
import { reconciliationPage } from '../../src/console/reconciliation-page.tsx';
import { SITE_CSS } from '../../src/web/assets.ts';
import { LOCALES } from '../../src/web/i18n.ts';
import { vnd } from '../../src/domain/kernel/money.ts';
import { errorPage, type PageContext } from '../../src/web/page.tsx';
import {
  A_CODE,
  aContext,
  aFindView,
  allPages,
  anOrderView,
  aReceipt,
  aReconciliationView,
  aResultView,
  aStatusView,
  HAND_OFFS,
  SITUATIONS,
  VERIFY_OUTCOMES,
} from '../support/page-fixtures.ts';

const MAX_BROTLI_BYTES = 12 * 1024;
const count = (html: string, pattern: RegExp) => [...html.matchAll(pattern)].length;
/** The page without our own CSS and without the addresses that only tests use. */
const markup = (html: string) => html.replace(SITE_CSS, '');

for (const locale of LOCALES) {
  describe(`pages in ${locale}`, () => {
    for (const { name, html, moneySentences } of allPages(locale)) {
      it(`${name}: is a whole document in its language with one h1 and its title`, () => {
        assert.match(
          html,
          new RegExp(`^<!doctype html><html lang="${locale}"><head><meta charset="utf-8"/?>`),
        );
        assert.equal(count(html, /<h1[ >]/g), 1);
        assert.equal(count(html, /<main /g), 1);
        const title = /<title>(.*?)<\/title>/.exec(html)?.[1] ?? '';
        const heading = /<h1[^>]*>(.*?)<\/h1>/.exec(html)?.[1] ?? '';
        assert.ok(title.includes(`${heading} – `), `${title} / ${heading}`);
        assert.doesNotMatch(html, /undefined|\[object|NaN|\*\*/);
      });

      it(`${name}: carries exactly the money sentences it may`, () => {
        const told = count(html, /data-money="/g);
        if (moneySentences === 'many') assert.equal(told, count(html, /<section /g));
        else assert.equal(told, moneySentences);
      });

      it(`${name}: has no inline handler, no inline style or script, no foreign host`, () => {
        const own = markup(html);
        assert.doesNotMatch(own, /<[^>]*\son[a-z]+\s*=/i);
        assert.doesNotMatch(own, /<[^>]*\sstyle\s*=/i);
        assert.doesNotMatch(own, /<script(?![^>]*\ssrc="\/assets\/)/);
        assert.equal(count(html, /<style/g), 1);
        assert.ok(html.includes(`<style>${SITE_CSS}</style>`));
        for (const [, host] of own.matchAll(/(?:src|href|action)="(?:https?:)?\/\/([^/"]+)/g)) {
          assert.ok(host === 'bank.example.vn' || host === 'agency.example.vn', host);
        }
        assert.doesNotMatch(own, /http-equiv="refresh"/i);
      });

      it(`${name}: gives every id once, every label its field, every section its heading`, () => {
        const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
        assert.deepEqual([...new Set(ids)], ids);
        for (const [, target] of html.matchAll(/ (?:for|aria-labelledby)="([^"]+)"/g)) {
          assert.ok(ids.includes(target), target);
        }
        for (const [, targets = ''] of html.matchAll(/ aria-describedby="([^"]+)"/g)) {
          for (const target of targets.split(' ')) assert.ok(ids.includes(target), target);
        }
        for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(target), target);
      });

      it(`${name}: weighs at most 12 KB as it is sent`, () => {
        assert.ok(brotliCompressSync(html).length <= MAX_BROTLI_BYTES, `${brotliCompressSync(html).length}`);
      });
    }

    it('links to the same page in the other language', () => {
      const other = locale === 'vi' ? 'en' : 'vi';
      const html = findPage(aFindView(), aContext(locale));
      assert.match(html, new RegExp(`href="/pay/token\\?from=paper&amp;lang=${other}" lang="${other}"`));
    });
  });
}

describe('a page', () => {
  it('says in its title that there is an error', () => {
    const html = findPage(aFindView({ faults: [{ field: 'code', message: 'Nhập mã' }] }), aContext());
    assert.match(html, /<title>Lỗi: /);
    assert.match(html, /<a href="#code">Nhập mã<\/a>/);
    assert.match(html, /<input[^>]*aria-invalid="true"/);
  });

  it('tells that the sandbox takes no real money', () => {
    const context = aContext();
    const sandbox: PageContext = { ...context, site: { ...context.site, isSandbox: true } };
    assert.match(findPage(aFindView(), sandbox), /Không thu tiền thật/);
    assert.doesNotMatch(findPage(aFindView(), context), /Không thu tiền thật/);
  });

  it('of the order shows the payer masked', () => {
    const html = orderPage(anOrderView(), aContext());
    assert.match(html, /0010••••••89/);
    assert.doesNotMatch(html, /001099012389/);
  });

  it('of the order has one button, with the amount in it, and what the route needs in the form', () => {
    const html = orderPage(anOrderView(), aContext());
    assert.equal(count(html, /<button/g), 1);
    assert.match(html, /<button class="btn" type="submit">Thanh toán 503\.000 đồng<\/button>/);
    for (const field of ['csrf', 'idempotency_key', 'amount', 'method']) {
      assert.match(html, new RegExp(`name="${field}"`));
    }
    assert.match(html, /name="amount" value="503000"/);
    assert.match(html, /Năm trăm linh ba nghìn đồng/);
    assert.match(html, /500\.000\u00a0₫ × 0,05% × 12 ngày/);
  });

  it('of the order has no button when nothing can be chosen', () => {
    const html = orderPage(anOrderView({ methods: [] }), aContext());
    assert.equal(count(html, /<button/g), 0);
  });

  it('of the order ticks the only method that works', () => {
    const methods = anOrderView().methods.slice(0, 1);
    assert.match(
      orderPage(anOrderView({ methods, selectedMethod: null }), aContext()),
      /<input[^>]* checked/,
    );
    assert.doesNotMatch(orderPage(anOrderView({ selectedMethod: null }), aContext()), /<input[^>]* checked/);
  });

  it('of the order writes a long amount so that no line ends inside a group of digits', () => {
    const html = orderPage(anOrderView({ total: vnd(987_654_321_000) }), aContext());
    assert.match(
      html,
      /<p class="amount long">987\.<wbr\/?>654\.<wbr\/?>321\.<wbr\/?>000 <small>đồng<\/small>/,
    );
    assert.match(html, /Chín trăm tám mươi bảy tỷ/);
  });

  it('of an order that is too much for every method says so, and has nobody wait', () => {
    const tooMuch = { kind: 'over_limit', limit: vnd(499_999) } as const;
    const methods = ['A', 'B'].map((title) => ({ code: title, title, hint: '', availability: tooMuch }));
    const html = orderPage(anOrderView({ methods }), aContext());
    assert.match(html, /Không cách nào ở đây nhận được số tiền này/);
    assert.doesNotMatch(html, /Chọn cách khác|khi nào nộp lại được|quay lại trang này/);
    const other = { code: 'C', title: 'C', hint: '', availability: { kind: 'available' } } as const;
    assert.match(
      orderPage(anOrderView({ methods: [...methods, other] }), aContext()),
      /A nhận tối đa 499\.999\u00a0₫ mỗi lần\. Chọn cách khác\./,
    );
  });

  it('of a receipt that no longer holds says so before anything else', () => {
    for (const name of ['replaced receipt', 'voided receipt']) {
      const outcome = VERIFY_OUTCOMES[name] ?? assert.fail(name);
      const html = verifyPage({ typed: A_CODE, faults: [], outcome }, aContext());
      assert.match(
        html,
        /<b>Biên lai này không còn giá trị\.<\/b> Biên lai này đã (được thay thế|bị hủy) ngày 25\/11\/2026/,
      );
      assert.doesNotMatch(html, /Biên lai thật/);
    }
    const genuine = VERIFY_OUTCOMES['genuine receipt'] ?? assert.fail();
    const html = verifyPage({ typed: A_CODE, faults: [], outcome: genuine }, aContext());
    assert.match(html, /<b>Biên lai thật\.<\/b>/);
    assert.match(html, /Ký hiệu BL-26E, số 0004182/);
  });

  it('of a receipt is Vietnamese on an English page too, with other words beside', () => {
    const html = resultPage(aResultView(), aContext('en'));
    assert.match(html, /<span lang="vi">Cơ quan cấp<\/span> \(Issued by\)/);
    assert.match(html, /<b lang="vi">503\.000 đồng<\/b>/);
    assert.match(html, /<span lang="vi">Bằng chữ: Năm trăm linh ba nghìn đồng<\/span>/);
    assert.match(html, /503,000 VND\. In words: Five hundred and three thousand/);
  });

  it('of a receipt lists what was paid with its amounts', () => {
    const html = resultPage(aResultView(), aContext());
    assert.match(html, /<li>Tiền chậm nộp <span class="nowrap">3\.000\u00a0₫<\/span><\/li>/);
  });

  it('of a fault tells that money is taken at the bank only, and not to pay again', () => {
    for (const error of [
      { kind: 'fault', incident: 'req_1' },
      { kind: 'unavailable', minutes: 1, incident: 'req_1' },
    ] as const) {
      const html = errorPage(aContext(), error);
      assert.match(
        html,
        /Tiền chỉ bị trừ khi bạn xác nhận ở ngân hàng\. Nếu bạn đã xác nhận, <b>đừng nộp lại<\/b>/,
      );
    }
  });

  it('of a form that was refused tells of cookies, which would have it refused for ever', () => {
    assert.match(errorPage(aContext(), { kind: 'form_stale', reopenHref: '/pay' }), /bật cookie/);
  });

  it('has a number to call by touching it, that breaks at no line', () => {
    assert.match(findPage(aFindView(), aContext()), /<a class="nowrap" href="tel:18000000">1800 0000<\/a>/);
  });

  it('of an attempt that may still be paid offers no new attempt', () => {
    for (const name of ['waiting', 'checking', 'expired, waiting']) {
      const situation = SITUATIONS[name] ?? assert.fail(name);
      const html = statusPage(aStatusView(situation), aContext());
      assert.doesNotMatch(html, /Nộp lại|href="\/pay\/token"/, name);
    }
  });

  it('of a payment that waits asks for its state by script and by a link', () => {
    const html = statusPage(aStatusView(SITUATIONS['waiting'] ?? assert.fail()), aContext());
    assert.match(html, /data-poll="\/pay\/token\/state" data-state="waiting"/);
    assert.match(html, /<a class="btn" href="\/pay\/token\/check">/);
    assert.match(html, /m•••@gmail\.com/);
    assert.doesNotMatch(html, /minh@gmail\.com/);
  });

  it('of somebody else shows initials only', () => {
    const paid = statusPage(aStatusView(SITUATIONS['already paid'] ?? assert.fail()), aContext());
    assert.match(paid, /N••••• V•• M•••/);
    assert.doesNotMatch(paid, /NGUYỄN/);
  });

  it('of somebody who is not known any more names nobody', () => {
    const situation = SITUATIONS['already paid'];
    assert.ok(situation?.kind === 'already_paid');
    const view = aStatusView({ ...situation, payerName: null });
    assert.match(statusPage(view, aContext('en')), />503,000 VND was paid at /);
    assert.match(statusPage(view, aContext()), />Đã nộp 503\.000 đồng lúc /);
  });

  it('of a form post sends the fields to the bank and needs no script to do so', () => {
    const handOff = HAND_OFFS['form post'] ?? assert.fail();
    const html = handOffPage(
      {
        handOff,
        amount: anOrderView().total,
        gatewayName: 'Vietcombank',
        lookupCode: A_CODE,
        statusHref: '/s',
        imageHref: '/q',
        backHref: null,
        now: new Date('2026-11-20T02:13:00Z'),
      },
      aContext(),
    );
    assert.match(html, /<form method="post" action="https:\/\/bank\.example\.vn\/pay" data-submit-at-once/);
    assert.match(html, /<input type="hidden" name="merchant" value="DVC"\/?>/);
    assert.match(html, /<button class="btn" type="submit">Tiếp tục tới Vietcombank<\/button>/);
    assert.doesNotMatch(html, /name="csrf"/);
  });

  it('keeps the names of the law Vietnamese on an English page and says so', () => {
    const html = orderPage(anOrderView(), aContext('en'));
    assert.match(html, /<span lang="vi">Đi xe máy không đội mũ bảo hiểm<\/span>/);
  });
});

const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title><svg/onload=alert(1)>',
  '</style><script>alert(1)</script>',
  '{{constructor.constructor("alert(1)")()}}',
  '<!--<img src="--><img src=x onerror=alert(1)//">',
  '\u0000<b>\u202e&lt;script&gt;',
];

describe('text from elsewhere', () => {
  const harmless = pagesSaying('x');

  for (const attack of ATTACKS) {
    it(`stays text on every page: ${JSON.stringify(attack)}`, () => {
      // As text or inside quoted values an attack changes nothing of what a browser builds.
      for (const [index, html] of pagesSaying(attack).entries()) {
        assert.deepEqual(elements(html), elements(harmless[index] ?? ''));
      }
    });
  }
});

/** Every page with one text in all the places that agencies, gateways, payers and visitors fill. */
function pagesSaying(attack: string): string[] {
  const agency = { nameVi: attack, nameEn: attack };
  const context = {
    ...aContext(),
    path: `/pay/${attack}`,
    site: {
      ...aContext().site,
      domain: attack,
      supportPhone: attack,
      supportHours: attack,
      operator: agency,
    },
  };
  const order = anOrderView({
    agency,
    lines: [{ type: 'fee', description: attack, amount: anOrderView().total, lateInterest: null }],
    reason: {
      offence: { what: attack, whenAndWhere: attack },
      procedureName: attack,
      dossierCode: attack,
      decision: { number: attack, issuedOn: null, documentHref: '/d' },
      paidInto: attack,
      due: null,
    },
    payer: { name: attack, identityNumber: attack },
    methods: [
      { code: attack, title: attack, hint: attack, availability: { kind: 'available' } },
      { code: attack, title: attack, hint: attack, availability: { kind: 'unavailable' } },
    ],
    form: { action: '/pay', csrfToken: attack, idempotencyKey: attack },
    faults: [{ field: 'method', message: attack }],
  });
  const waiting = { ...SITUATIONS['waiting'], contact: { kind: 'email', value: `a@${attack}` } };
  const view = aReconciliationView();
  return [
    orderPage(order, context),
    statusPage(aStatusView(waiting as never, { agency, gatewayName: attack }), context),
    resultPage(
      aResultView({
        agency,
        gatewayName: attack,
        receipts: [
          aReceipt({
            number: attack,
            symbol: attack,
            payerName: attack,
            lines: [
              { description: attack, amount: order.total },
              { description: attack, amount: order.total },
            ],
            contentNote: attack,
            beneficiary: attack,
            issuer: agency,
            verifyUrl: attack,
          }),
        ],
        collect: { place: attack, hours: attack },
      }),
      context,
    ),
    verifyPage({ typed: attack, faults: [{ field: 'code', message: attack }], outcome: null }, context),
    findPage(aFindView({ typed: attack, notFound: attack }), context),
    ...Object.values(HAND_OFFS).map((handOff) =>
      handOffPage(
        {
          handOff:
            handOff.kind === 'form_post'
              ? { ...handOff, fields: { [attack]: attack } }
              : handOff.kind === 'qr_transfer'
                ? { ...handOff, transferText: attack, beneficiaryName: attack, bankName: attack }
                : handOff,
          amount: order.total,
          gatewayName: attack,
          lookupCode: A_CODE,
          statusHref: '/s',
          imageHref: '/q',
          backHref: null,
          now: new Date('2026-11-20T02:13:00Z'),
        },
        context,
      ),
    ),
    reconciliationPage(
      {
        ...view,
        gateways: view.gateways.map((gateway) => ({ ...gateway, name: attack })),
        exceptions: view.exceptions.map((row) => ({
          ...row,
          gatewayName: attack,
          merchantReference: attack,
          gatewayTransactionId: attack,
        })),
      },
      context,
    ),
  ];
}

/** All elements in order with the names of their attributes, as a browser would read them. */
function elements(html: string): string[] {
  const tags = markup(html).matchAll(/<([a-z][^\s/>]*)((?:\s+[^\s"'>/=]+(?:="[^"]*")?)*)\s*\/?>/gi);
  return [...tags].flatMap(([, tag = '', attributes = '']) =>
    ['', ...[...attributes.matchAll(/([^\s"'=]+)(?:="[^"]*")?/g)].map(([, name]) => name)].map(
      (name) => `${tag}.${name}`,
    ),
  );
}

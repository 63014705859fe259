/** What the citizens' door gives away and what it does not: tokens, searches, checks of codes, texts of agencies. */
import assert from 'node:assert/strict';
import { formatLookupCode, lookupCodeFrom, type LookupCode } from '../../src/domain/kernel/lookup-code.ts';
import { dashed, type OrderId } from '../../src/domain/kernel/ids.ts';
import { day } from '../../src/domain/kernel/time.ts';
import type { PaymentOrder } from '../../src/domain/orders/payment-order.ts';
import { query } from '../../src/platform/database.ts';
import { aPenaltyLine, openWorld, type World } from '../support/world.ts';
import { hiddenFields, locationOf, moneyStates, visitor, type Visitor } from './visitor.ts';

describe("the citizens' door", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const find = async (code: string) => {
    const citizen = visitor(world.app);
    const { csrf = '' } = hiddenFields((await citizen.get('/pay')).text);
    return await citizen.post('/pay', { csrf, code });
  };

  /** Pays an order by its payer's link, and comes back from the bank. */
  async function payAtBank(citizen: Visitor, order: PaymentOrder, amount?: bigint) {
    const shown = await citizen.get(world.orderPath(order));
    await citizen.post(world.orderPath(order), { ...hiddenFields(shown.text), method: 'sandbox' });
    const [payment] = await world.paymentsOf(order);
    await world.atBank(payment!.id, { kind: 'approve', ...(amount === undefined ? {} : { amount }) });
    return payment!.id;
  }

  it('answers a forged token and one whose row is gone with the same bytes', async () => {
    const order = await world.openOrder();
    const gone = world.links.tokenOf({
      kind: 'order',
      agencyId: order.agencyId,
      id: dashed('0'.repeat(32)) as OrderId,
    });
    const absent = await visitor(world.app).get(`/pay/${gone}`);
    assert.equal(absent.status, 404);
    const genuine = Buffer.from(world.orderPath(order).slice('/pay/'.length), 'base64url');
    for (let place = 0; place < genuine.length; place += 1) {
      const forged = Buffer.from(genuine);
      forged.writeUInt8(genuine.readUInt8(place) ^ 1, place);
      const answer = await visitor(world.app).get(`/pay/${forged.toString('base64url')}`);
      assert.equal(answer.status, 404, `byte ${String(place)}`);
      assert.equal(answer.text, absent.text, `byte ${String(place)}`);
    }
    for (const malformed of ['x', '%E0', '..%2f..', 'A'.repeat(51), 'A'.repeat(5_000)]) {
      const answer = await visitor(world.app).get(`/pay/${malformed}`);
      assert.equal(answer.status, 404, malformed.slice(0, 20));
      assert.equal(answer.text, absent.text);
    }
  });

  it('takes a token for what it names and nothing else', async () => {
    const order = await world.openOrder();
    const path = world.orderPath(order);
    const token = path.slice('/pay/'.length);
    for (const wrong of [
      `${path}/check`,
      `${path}/state.json`,
      `${path}/bank`,
      `/gateways/sandbox/return/${token}`,
    ]) {
      assert.equal((await visitor(world.app).get(wrong)).status, 404, wrong);
    }
  });

  it('finds an order by its code however it is typed, and by the number of its decision', async () => {
    const order = await world.openOrder();
    const code = formatLookupCode(order.lookupCode as LookupCode);
    for (const typed of [code, code.toLowerCase(), `DVC ${order.lookupCode}`, `Mã: ${code}`]) {
      assert.equal(locationOf(await find(typed)), world.orderPath(order, true), typed);
    }
    const number = order.lines[0]!.decision!.number;
    for (const typed of [number, number.toLowerCase(), `Số: ${number}`]) {
      assert.equal(locationOf(await find(typed)), world.orderPath(order, true), typed);
    }
  });

  it('lists the orders of one paper, with a way to pay those that are open', async () => {
    const line = (reference: string) =>
      aPenaltyLine({
        reference,
        description: `Khoản ${reference}`,
        decision: { number: '77/QĐ-XPHC', issuedOn: null, deliveredOn: null },
      });
    const first = await world.openOrder({ lines: [line('A')] });
    const second = await world.openOrder({ lines: [line('B')] });
    const page = await find('77/QĐ-XPHC');
    assert.equal(page.status, 200);
    for (const order of [first, second]) assert.ok(page.text.includes(world.orderPath(order, true)));
    assert.doesNotMatch(page.text, /MINH/);
  });

  it('leads from the paper to an order in any state, and lists what was paid, not what was asked', async () => {
    const late = (reference: string) =>
      aPenaltyLine({
        reference,
        payBy: day('2026-11-09'),
        decision: { number: '78/QĐ-XPHC', issuedOn: null, deliveredOn: null },
      });
    const paid = await world.openOrder({ lines: [late('A')] });
    await payAtBank(visitor(world.app), paid);
    assert.equal(locationOf(await find('78/QĐ-XPHC')), world.orderPath(paid, true));
    await world.openOrder({ lines: [late('B')] });
    const list = await find('78/QĐ-XPHC');
    // 500,000 and twelve days' interest, which is 3,000.
    assert.deepEqual(moneyStates(list.text).sort(), ['not_paid', 'paid']);
    assert.match(list.text, /Cơ quan thu đã ghi nhận 503\.000 đồng/);
    assert.match(list.text, /Xem và nộp 503\.000 đồng/);
  });

  it('says what is wrong with a code, or that there is none such', async () => {
    assert.equal((await find('')).status, 422);
    assert.equal((await find('7K2M-9QXT')).status, 422);
    const absent = await find('99/QĐ-ABSENT');
    assert.equal(absent.status, 404);
    assert.match(absent.text, /99\/QĐ-ABSENT/);
  });

  it('says that a request is genuine and unpaid, without naming its payer', async () => {
    const order = await world.openOrder();
    const page = await visitor(world.app).get(`/verify/${order.lookupCode}`);
    assert.equal(page.status, 200);
    assert.deepEqual(moneyStates(page.text), ['not_paid']);
    assert.doesNotMatch(page.text, /MINH|001099012345|minh@|0900000021/);
  });

  it('says of a request that expired that it may still be owed, and of one withdrawn that it is not', async () => {
    const expired = await world.openOrder({ expiresAt: new Date(world.clock.now().getTime() + 3_600_000) });
    world.clock.advance(7_200_000);
    const late = await visitor(world.app).get(`/verify/${expired.lookupCode}`);
    assert.match(late.text, /đã hết hạn/);
    assert.match(late.text, /nếu bạn vẫn phải nộp/);
    assert.doesNotMatch(late.text, /Bạn không phải nộp/);
    const withdrawn = await world.openOrder();
    await query(
      world.database.db,
      `update payment_orders set status = 'cancelled', closed_at = now() where id = :id`,
      {
        id: withdrawn.id,
      },
    );
    const gone = await visitor(world.app).get(`/verify/${withdrawn.lookupCode}`);
    assert.match(gone.text, /đã được rút lại/);
    assert.match(gone.text, /Bạn không phải nộp/);
  });

  it('says of a request what was received when the sum is another', async () => {
    const order = await world.openOrder();
    await payAtBank(visitor(world.app), order, 400_000n);
    const page = await visitor(world.app).get(`/verify/${order.lookupCode}`);
    assert.deepEqual(moneyStates(page.text), ['amount_differs']);
    assert.match(page.text, /đã nhận 400\.000 đồng/);
    assert.doesNotMatch(page.text, /chưa biết ngân hàng/);
  });

  it('answers a code nobody issued and an address that is no code alike', async () => {
    const absent = lookupCodeFrom(Buffer.alloc(16, 3));
    const one = await visitor(world.app).get(`/verify/${absent}`);
    const other = await visitor(world.app).get('/verify/NOTACODEATAL');
    assert.deepEqual([one.status, other.status], [404, 404]);
    assert.equal(one.text.replaceAll(absent, 'X'), other.text.replaceAll('NOTACODEATAL', 'X'));
    assert.equal((await visitor(world.app).get('/verify?code=abc')).status, 422);
    assert.equal((await visitor(world.app).post('/verify', { code: absent })).status, 404);
    assert.equal((await visitor(world.app).get('/verify')).status, 200);
  });

  it('refuses whoever asks too often: searches, checks and guessed tokens', async () => {
    const strict = await openWorld({
      checkout: { limiter: { consume: () => Promise.resolve({ ok: false, retryAfterSeconds: 90 }) } },
    });
    try {
      const citizen = visitor(strict.app);
      const { csrf = '' } = hiddenFields((await citizen.get('/pay')).text);
      const order = await strict.openOrder();
      const refused = [
        await citizen.post('/pay', { csrf, code: 'anything' }),
        await citizen.get(`/verify/${order.lookupCode}`),
        await citizen.get(`/pay/${'A'.repeat(51)}`),
      ];
      for (const answer of refused) {
        assert.equal(answer.status, 429);
        assert.equal(answer.headers['retry-after'], '90');
      }
      assert.equal((await citizen.get(strict.orderPath(order))).status, 200);
    } finally {
      await strict.close();
    }
  });

  it('keeps the language that was chosen, in cookies that scripts and foreign forms do not get', async () => {
    const citizen = visitor(world.app);
    const order = await world.openOrder();
    const english = await citizen.get(`${world.orderPath(order)}?lang=en`);
    assert.match(english.text, /<html lang="en">/);
    assert.match((await citizen.get(world.orderPath(order))).text, /<html lang="en">/);
    const cookies = [english.headers['set-cookie']].flat().map(String);
    assert.ok(cookies.length >= 2);
    for (const cookie of cookies) assert.match(cookie, /HttpOnly.*SameSite=Lax/);
  });

  it('names whom to tell of a fault of security', async () => {
    const { text } = await visitor(world.app).get('/.well-known/security.txt');
    assert.match(text, /^Contact: mailto:security@thanhtoan\.test\nExpires: 2027-/);
  });
});

const SCRIPTS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'-alert(1)-'",
  '</style><script>alert(1)</script>',
  '{{7*7}}${7*7}<%= 7*7 %>',
  '<svg/onload=alert(1)>',
  '&lt;script&gt;',
];

describe('texts of agencies and payers on pages', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  SCRIPTS.forEach((script, index) => {
    it(`are shown as text, never run: ${script}`, async () => {
      const order = await world.openOrder({
        payer: { name: script, identityNumber: null, email: null, phone: null },
        lines: [
          aPenaltyLine({
            description: script,
            attributes: { violation: { what: script, place: script } },
            decision: { number: `${String(index)}${script}`, issuedOn: null, deliveredOn: null },
          }),
        ],
        returnUrl: `https://agency.example.vn/?q=${encodeURIComponent(script)}`,
      });
      const citizen = visitor(world.app);
      const shown = await citizen.get(world.orderPath(order));
      await citizen.post(world.orderPath(order), { ...hiddenFields(shown.text), method: 'sandbox' });
      const [payment] = await world.paymentsOf(order);
      await world.atBank(payment!.id, { kind: 'approve' });
      const result = await citizen.get(world.paymentPath(payment!.id));
      const searched = await visitor(world.app).get(`/verify?code=${encodeURIComponent(script)}`);
      for (const { text, status } of [shown, result, searched]) {
        assert.ok(status === 200 || status === 422);
        const body = text.slice(text.indexOf('<body'));
        assert.doesNotMatch(body, /<script|<img|<svg\/|<[^>]*\son\w+=/i);
      }
      assert.ok(result.text.includes('&lt;') || !script.includes('<'));
    });
  });

  it('never lead to an address that is not on the agency’s list', async () => {
    for (const returnUrl of [
      'javascript:alert(1)',
      'data:text/html,<script>alert(1)</script>',
      '//evil.example',
      'https://agency.example.vn.evil.example/',
      'https://agency.example.vn@evil.example/',
      'http://agency.example.vn/',
    ]) {
      await assert.rejects(world.openOrder({ returnUrl }), { code: 'payment-order.return-url-not-allowed' });
    }
  });
});

describe('the way to the gateway', () => {
  it('never leads to a host that the profile of the gateway does not name', async () => {
    const world = await openWorld({
      adapter: (sandbox) => ({
        ...sandbox,
        startPayment: async (request, signal) => {
          const handOff = await sandbox.startPayment(request, signal);
          return { kind: 'redirect', url: 'https://evil.example/pay', expiresAt: handOff.expiresAt };
        },
      }),
    });
    try {
      const citizen = visitor(world.app);
      const order = await world.openOrder();
      const shown = await citizen.get(world.orderPath(order));
      const answer = await citizen.post(world.orderPath(order), {
        ...hiddenFields(shown.text),
        method: 'sandbox',
      });
      const [payment] = await world.paymentsOf(order);
      assert.equal(locationOf(answer), world.paymentPath(payment!.id));
      const bank = await citizen.get(`${world.paymentPath(payment!.id)}/bank`);
      assert.equal(locationOf(bank), world.paymentPath(payment!.id));
    } finally {
      await world.close();
    }
  });

  it('leads through a page of ours with an address of its own where the gateway wants a form', async () => {
    const world = await openWorld({
      adapter: (sandbox, origin) => ({
        ...sandbox,
        startPayment: async (request, signal) => {
          const { expiresAt } = await sandbox.startPayment(request, signal);
          return { kind: 'form_post', url: `${origin()}/elsewhere`, fields: { ref: 'R"1' }, expiresAt };
        },
      }),
    });
    try {
      const citizen = visitor(world.app);
      const order = await world.openOrder();
      const shown = await citizen.get(world.orderPath(order));
      const answer = await citizen.post(world.orderPath(order), {
        ...hiddenFields(shown.text),
        method: 'sandbox',
      });
      const page = await citizen.follow(answer);
      assert.equal(page.status, 200);
      assert.match(page.text, /action="http:\/\/127\.0\.0\.1:\d+\/elsewhere"/);
      assert.match(page.text, /name="ref" value="R&quot;1"/);
      assert.equal((await world.paymentsOf(order)).length, 1);
    } finally {
      await world.close();
    }
  });
});

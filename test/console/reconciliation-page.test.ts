/** The reconciliation page: the bridge holds, and the table says what is compared. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { reconciliationPage } from '../../src/console/reconciliation-page.tsx';
import { bridgeOf, reportedBy, type GatewayReconciliation } from '../../src/console/reconciliation-view.ts';
import { add, vnd } from '../../src/domain/kernel/money.ts';
import { aContext, aReconciliationView } from '../support/page-fixtures.ts';

const anyCell = fc
  .record({ count: fc.nat(1000), sum: fc.bigInt({ min: 0n, max: 10n ** 12n }) })
  .map(({ count, sum }) => ({ count, sum: vnd(sum) }));

const anyGateway = fc
  .record({
    matched: anyCell,
    missingAtUs: anyCell,
    missingAtBank: anyCell,
    ours: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    theirs: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  })
  .map(({ matched, missingAtUs, missingAtBank, ours, theirs }): GatewayReconciliation => {
    const amountDiffers = { count: 1, ours: vnd(ours), theirs: vnd(theirs) };
    return {
      name: 'A',
      statementAt: new Date('2026-11-20T00:00:00Z'),
      recorded: {
        count: matched.count + missingAtBank.count + 1,
        sum: add(add(matched.sum, missingAtBank.sum), amountDiffers.ours),
      },
      matched,
      missingAtUs,
      missingAtBank,
      amountDiffers,
    };
  });

describe('the reconciliation bridge', () => {
  it('explains the whole difference whenever each payment and line is in one class', () => {
    fc.assert(
      fc.property(fc.array(anyGateway, { maxLength: 5 }), (gateways) => {
        const bridge = bridgeOf({ gateways, currency: 'VND' });
        assert.equal(bridge.unexplained.amountMinor, 0n);
      }),
    );
  });

  it('leaves out sources without a statement', () => {
    const bridge = bridgeOf(aReconciliationView());
    assert.equal(bridge.recorded.amountMinor, 11_719_945_000n);
    assert.equal(bridge.reported.amountMinor, 11_716_730_000n);
    assert.equal(bridge.difference.amountMinor, -3_215_000n);
    assert.equal(bridge.unexplained.amountMinor, 0n);
  });

  it('shows what it cannot explain', () => {
    const view = aReconciliationView();
    const [first = assert.fail(), ...rest] = view.gateways;
    const gateways = [{ ...first, recorded: { count: 1032, sum: vnd(1_418_340_001) } }, ...rest];
    assert.equal(bridgeOf({ gateways, currency: 'VND' }).unexplained.amountMinor, -1n);
    assert.match(reconciliationPage({ ...view, gateways }, aContext()), /Chưa giải trình được/);
  });

  it('counts at the bank what matches, what only it has and what differs', () => {
    const [first = assert.fail()] = aReconciliationView().gateways;
    assert.deepEqual(reportedBy(first), { count: 1032, sum: vnd(1_417_725_000) });
  });
});

describe('the reconciliation page', () => {
  const html = reconciliationPage(aReconciliationView(), aContext());

  it('has tables with captions and scopes, and totals', () => {
    assert.equal([...html.matchAll(/<table>/g)].length, 3);
    assert.equal([...html.matchAll(/<caption/g)].length, 3);
    assert.match(html, /<th scope="row"[^>]*>VNPAY<\/th>/);
    assert.match(html, /<tfoot>/);
  });

  it('does not show 0 for a source that was not compared', () => {
    const row = /<th scope="row"[^>]*>MoMo<\/th>(.*?)<\/tr>/.exec(html)?.[1] ?? assert.fail();
    assert.equal([...row.matchAll(/chưa có/g)].length, 8);
  });

  it('says that both sides match only of what was compared', () => {
    const { gateways } = aReconciliationView();
    const matching = gateways.filter(({ name }) => name === 'ZaloPay');
    const waiting = gateways.filter(({ statementAt }) => statementAt === null);
    const told = (shown: typeof gateways) =>
      reconciliationPage(
        aReconciliationView({ gateways: shown, exceptions: [], exceptionCount: 0 }),
        aContext(),
      );
    assert.match(told(matching), /<h2>Hai bên khớp đủ\.<\/h2>/);
    assert.match(told([...matching, ...waiting]), /<h2>Các nguồn đã có sao kê khớp đủ\. Còn 1 nguồn/);
    assert.match(told(waiting), /<h2>Chưa có sao kê nào để đối soát/);
    assert.match(told([]), /<h2>Không có giao dịch nào trong những ngày này/);
    for (const html of [told([...matching, ...waiting]), told(waiting), told([])]) {
      assert.doesNotMatch(html, /Hai bên khớp đủ|<dd class="note">Khớp đủ/);
      assert.match(html, /Không có ngoại lệ\./);
    }
    assert.doesNotMatch(told([]), /0 trên 0 nguồn/);
  });

  it('names the range when it is more than a day', () => {
    const view = { ...aReconciliationView(), from: '2026-11-01' as never };
    assert.match(reconciliationPage(view, aContext()), /Đối soát từ 01\/11\/2026 đến 19\/11\/2026/);
  });
});

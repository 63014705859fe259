/** What people write, and what attackers do: personal data stays where it was agreed to be, SQL stays text. */
import assert from 'node:assert/strict';
import { parsePublicId } from '../../src/domain/kernel/ids.ts';
import { writeCursor } from '../../src/api/decoding.ts';
import { approved, tell } from '../support/notices.ts';
import { orderBody, startTestService, type TestAgency, type TestService } from '../support/service.ts';

const NAME = 'Nguyễn Thị Hoàng Yến';
const SECRETS_OF_A_PERSON = {
  identity_number: '079199000123',
  email: 'canary.mail@example.vn',
  phone: '+84900000777',
};

const SQL = [
  "'; drop table payment_orders; --",
  "' or '1'='1",
  '" or ""="',
  '1); select pg_sleep(9); --',
  '\\',
  '%',
  '$1',
  ':agencyId',
  '?',
  '{"$ne": null}',
];

describe('texts from elsewhere', () => {
  let world: TestService;
  let agency: TestAgency;

  before(async () => {
    world = await startTestService({ env: { LOG_LEVEL: 'trace' } });
    agency = await world.addAgency('H29');
  });
  afterEach(() => world.assertSound());
  after(() => world.stop());

  async function openFor(payer: object, changes: object = {}) {
    const body = { ...orderBody('H29'), payer, ...changes };
    const answer = await agency.call('POST', '/v1/payment-orders', { body });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    const id = parsePublicId('po', answer.body.id as string);
    assert.ok(id);
    return { ...answer.body, key: { agencyId: agency.agencyId, id } };
  }

  it('promise 92: personal data is in no log line, address or metric, and no webhook tells more than was agreed', async () => {
    const order = await openFor({ name: NAME, ...SECRETS_OF_A_PERSON });
    const payment = await world.startPayment(order.key);
    const page = await fetch(order.checkout_url as string, { redirect: 'manual' });
    await page.text();
    assert.equal((await tell(world, approved(payment))).status, 200);
    const read = await agency.call('GET', `/v1/payment-orders/${String(order.id)}`);
    assert.equal(read.body.payer.email, SECRETS_OF_A_PERSON.email, 'the agency itself may read it');
    // Refused in several ways, each of which has something to say about what it was sent.
    const { email, identity_number: number } = SECRETS_OF_A_PERSON;
    await agency.call('GET', `/v1/payment-orders?${new URLSearchParams({ status: email }).toString()}`);
    await agency.call(
      'GET',
      `/v1/payment-orders?${new URLSearchParams({ dossier_code: number }).toString()}`,
    );
    await agency.call('POST', '/v1/payment-orders', { body: { payer: SECRETS_OF_A_PERSON, [number]: NAME } });
    await world.settleDown();

    const metrics = await (await fetch(`${world.origin}/metrics`)).text();
    const told = (await world.inbox.messages('H29')).map(({ body }) => body);
    assert.ok(
      told.some((body) => body.includes(NAME)),
      'the agreed set holds the name',
    );
    const log = world.complaints.join('');
    assert.match(log, /request\.finished|api\.refused/);
    assert.match(metrics, /^payments|^# HELP/m);
    const places = { log, metrics, address: order.checkout_url as string, webhooks: told.join('\n') };
    for (const [place, text] of Object.entries(places)) {
      for (const secret of Object.values(SECRETS_OF_A_PERSON)) {
        assert.ok(!text.includes(secret), `${secret} is in the ${place}`);
        assert.ok(!text.includes(encodeURIComponent(secret)), `${secret} is in the ${place}`);
      }
      if (place !== 'webhooks') assert.ok(!text.includes(NAME), `the name is in the ${place}`);
    }
  });

  it('promise 93: SQL in any text of an order comes back as it was written', async () => {
    for (const text of SQL) {
      const order = await openFor(
        { name: text },
        {
          lines: [
            {
              obligation_type: 'penalty',
              description: text,
              amount: 1_000,
              decision: { number: text },
            },
          ],
          metadata: { note: text, [text]: 'x' },
        },
      );
      const { body } = await agency.call('GET', `/v1/payment-orders/${String(order.id)}`);
      assert.equal(body.payer.name, text);
      assert.equal(body.lines[0].description, text);
      assert.deepEqual(body.metadata, { note: text, [text]: 'x' });
      const asTyped = new URLSearchParams({ code: text });
      assert.ok((await fetch(`${world.origin}/verify?${asTyped.toString()}`)).status < 500, text);
    }
  });

  it('promise 93: no parameter of any reading call takes SQL for anything but a text', async () => {
    const order = await openFor({ name: NAME });
    const orders = await world.count('payment_orders');
    const addresses = await strangeAddresses(new Map([['id', order.id as string]]));
    assert.ok(addresses.length > 150, String(addresses.length));
    for (const address of addresses) {
      const asAgency = await agency.call('GET', address);
      const answer = asAgency.status === 403 ? await world.operator('GET', address) : asAgency;
      const told = JSON.stringify(answer.body);
      assert.ok(answer.status < 500, `${address}: ${told}`);
      const shown = answer.status < 400 && told.includes(`"${String(order.id)}"`);
      assert.ok(!shown, `${address} finds an order that it does not name`);
    }
    assert.equal(await world.count('payment_orders'), orders);
  });

  /** Every reading call of the document, with SQL in one parameter after the other. */
  async function strangeAddresses(known: ReadonlyMap<string, string>): Promise<string[]> {
    const document = (await (await fetch(`${world.origin}/openapi.json`)).json()) as {
      paths: Record<string, { get?: { parameters?: { name: string; in: string }[] } }>;
    };
    return Object.entries(document.paths).flatMap(([path, { get }]) =>
      (get?.parameters ?? []).flatMap(({ name, in: where }) =>
        (name === 'after' ? cursorsOf("' or '1'='1") : SQL).map((text) => {
          const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, field: string) =>
            encodeURIComponent(field === name ? text : (known.get(field) ?? 'x')),
          );
          return where === 'query' ? `${filled}?${new URLSearchParams({ [name]: text }).toString()}` : filled;
        }),
      ),
    );
  }
});

/** A cursor is opaque, but anybody can make one: of strange texts alone, and behind what may well stand before them. */
function cursorsOf(text: string): string[] {
  const keys = [1, 2, 3, 4].map((length) => Array.from({ length }, () => text));
  const begun = [['2026-11-22T02:00:00Z'], ['2026-11-22 02:00:00+00'], ['7'], ['7', '7']];
  return [...keys, ...begun.map((start) => [...start, text]), ['7', '7', text, '7']].map(writeCursor);
}

import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  assertPublicUrl,
  createGatewayClient,
  createGuardedClient,
  guardedLookup,
  isUrlNotAllowed,
  outboundFailure,
} from '../../src/platform/http-client.ts';
import { isPublicAddress, type Resolve } from '../../src/platform/public-address.ts';

const PUBLIC = { address: '8.8.8.8', family: 4 };
const toPublic: Resolve = () => Promise.resolve([PUBLIC]);

/** Answers with one list after another, and counts how often it is asked. */
function resolving(...answers: string[][]): Resolve & { asked: number } {
  const resolve = Object.assign(
    () => {
      const addresses = answers[Math.min(resolve.asked, answers.length - 1)] ?? [];
      resolve.asked += 1;
      return Promise.resolve(
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    },
    { asked: 0 },
  );
  return resolve;
}

const REFUSED_URLS = [
  'https://127.0.0.1/hook',
  'https://127.1/hook',
  'https://127.0.0.1./hook',
  'https://0x7f.1/hook',
  'https://0x7f000001/hook',
  'https://0177.0.0.1/hook',
  'https://2130706433/hook',
  'https://0/hook',
  'https://0.0.0.0/hook',
  'https://10.0.0.8/hook',
  'https://172.16.3.4/hook',
  'https://172.31.255.255/hook',
  'https://192.168.1.1/hook',
  'https://169.254.169.254/latest/meta-data/',
  'https://0xa9fea9fe/latest/meta-data/',
  'https://100.64.0.1/hook',
  'https://100.127.255.254/hook',
  'https://192.0.0.170/hook',
  'https://192.0.2.7/hook',
  'https://198.18.0.1/hook',
  'https://198.51.100.7/hook',
  'https://203.0.113.7/hook',
  'https://224.0.0.1/hook',
  'https://255.255.255.255/hook',
  'https://[::]/hook',
  'https://[::1]/hook',
  'https://[::7f00:1]/hook',
  'https://[::ffff:127.0.0.1]/hook',
  'https://[::ffff:8.8.8.8]/hook',
  'https://[64:ff9b::7f00:1]/hook',
  'https://[64:ff9b:1::a00:8]/hook',
  'https://[2002:7f00:1::]/hook',
  'https://[2001:0:7f00:1::]/hook',
  'https://[fd00::1]/hook',
  'https://[fe80::1]/hook',
  'https://[fec0::1]/hook',
  'https://[ff02::1]/hook',
  'https://[2001:db8::1]/hook',
  'https://user@agency.example.gov.vn/hook',
  'https://user:pass@agency.example.gov.vn/hook',
  'https://agency.example.gov.vn:8443/hook',
  'https://agency.example.gov.vn:22/hook',
  'http://agency.example.gov.vn/hook',
  'file:///etc/passwd',
  'ftp://agency.example.gov.vn/hook',
  'gopher://agency.example.gov.vn/hook',
  'javascript:alert(1)',
  '//agency.example.gov.vn/hook',
  'agency.example.gov.vn/hook',
  '',
];

describe('the URL of a stranger', () => {
  for (const url of REFUSED_URLS) {
    it(`is refused at save and at connect: ${url || '(nothing)'}`, async () => {
      await assert.rejects(assertPublicUrl(url, { resolve: toPublic }), isUrlNotAllowed);
      const client = createGuardedClient({ resolve: toPublic, timeoutMs: 500 });
      await assert.rejects(client.send({ method: 'POST', url, body: 'x' }), isUrlNotAllowed);
      await client.close();
    });
  }

  for (const addresses of [
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['::1'],
    ['8.8.8.8', '192.168.0.1'],
    ['::ffff:10.0.0.1'],
    [],
  ]) {
    it(`is refused at save and at connect when its name leads to ${addresses.join(' and ') || 'nothing'}`, async () => {
      const url = 'https://agency.example.gov.vn/hook';
      await assert.rejects(assertPublicUrl(url, { resolve: resolving(addresses) }), isUrlNotAllowed);
      const client = createGuardedClient({ resolve: resolving(addresses), timeoutMs: 500 });
      await assert.rejects(client.send({ method: 'POST', url, body: 'x' }), isUrlNotAllowed);
      await client.close();
    });
  }

  it('is accepted on https and port 443 with public addresses only', async () => {
    for (const url of [
      'https://agency.example.gov.vn/hook?x=1',
      'https://agency.example.gov.vn:443/',
      'https://8.8.8.8/',
    ]) {
      assert.equal((await assertPublicUrl(url, { resolve: toPublic })).protocol, 'https:');
    }
    const both = resolving(['8.8.8.8', '2606:4700::1111']);
    await assertPublicUrl('https://agency.example.gov.vn/', { resolve: both });
  });

  it('gains nothing by pointing its name elsewhere between the check and the connection', async () => {
    const flipping = resolving(['8.8.8.8'], ['127.0.0.1']);
    await assertPublicUrl('https://rebind.example.org/', { resolve: flipping });
    const client = createGuardedClient({ resolve: flipping, timeoutMs: 2_000 });
    await assert.rejects(
      client.send({ method: 'POST', url: 'https://rebind.example.org/' }),
      isUrlNotAllowed,
    );
    assert.equal(flipping.asked, 2, 'resolved once at save and once at connect');
    await client.close();
  });

  it('is resolved once for a connection, which is given only addresses that were checked', async () => {
    for (const all of [true, false]) {
      const flipping = resolving(['8.8.8.8', '2606:4700::1111'], ['127.0.0.1']);
      const given = await new Promise((resolve, reject) => {
        guardedLookup(flipping)('rebind.example.org', { all }, (error, address) =>
          error ? reject(error) : resolve(address),
        );
      });
      assert.deepEqual(given, all ? [PUBLIC, { address: '2606:4700::1111', family: 6 }] : '8.8.8.8');
      assert.equal(flipping.asked, 1);
    }
  });

  it('that cannot be resolved is not found, rather than not allowed', async () => {
    const client = createGuardedClient({
      resolve: () => Promise.reject(new Error('no such name')),
      timeoutMs: 500,
    });
    const error: unknown = await client
      .send({ method: 'POST', url: 'https://nowhere.example.org/' })
      .catch((e: unknown) => e);
    assert.equal(outboundFailure(error), 'name_not_found');
    await client.close();
  });

  it('may be ours when host and port are on the list, and nothing beside them', async () => {
    const server = await listen((_request, response) => response.end('ok'));
    const host = `localhost:${String(portOf(server))}`;
    const client = createGuardedClient({ allowHosts: [host], timeoutMs: 2_000 });
    assert.equal(
      (await client.send({ method: 'POST', url: `http://${host}/inbox`, body: '{}' })).status,
      200,
    );
    for (const other of [
      'http://localhost:1/',
      `http://127.0.0.1:${String(portOf(server))}/`,
      `http://x@${host}/`,
    ]) {
      await assert.rejects(client.send({ method: 'POST', url: other }), isUrlNotAllowed, other);
    }
    await client.close();
    await close(server);
  });
});

describe('an address', () => {
  it('is public only in ordinary unicast', () => {
    for (const address of ['8.8.8.8', '1.1.1.1', '113.160.0.1', '2606:4700::1111', '2405:4800::1']) {
      assert.equal(isPublicAddress(address), true, address);
    }
    for (const address of ['', 'x', '::8.8.8.8', '5f00::1', '3fff::1', '100::1', '4000::1', '192.88.99.1']) {
      assert.equal(isPublicAddress(address), false, address);
    }
  });
});

describe('the answer of a stranger', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map(close));
  });
  async function ask(listener: RequestListener, timeoutMs = 2_000) {
    const server = await listen(listener);
    servers.push(server);
    const host = `localhost:${String(portOf(server))}`;
    const client = createGuardedClient({ allowHosts: [host], timeoutMs });
    try {
      return await client.send({ method: 'POST', url: `http://${host}/`, body: 'x' });
    } finally {
      await client.close();
    }
  }

  it('is read up to 16 KiB and no further', async () => {
    let sent = 0;
    const response = await ask((_request, answer) => {
      const chunk = Buffer.alloc(64 * 1024, 'a');
      const more = () => {
        while (!answer.destroyed && answer.write(chunk)) sent += chunk.length;
        if (!answer.destroyed) answer.once('drain', more);
      };
      more();
    });
    assert.equal(response.status, 200);
    assert.equal(response.body.length, 16 * 1024);
    assert.equal(response.isTruncated, true);
    assert.ok(sent < 50_000_000);
  });

  it('is never unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(8_000_000));
    let asked: string | undefined;
    const response = await ask((request, answer) => {
      asked = request.headers['accept-encoding'];
      answer.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    assert.equal(asked, 'identity');
    assert.deepEqual(Buffer.from(response.body), bomb.subarray(0, 16 * 1024));
  });

  it('is cut at the time limit when it never comes', async () => {
    const began = performance.now();
    const error: unknown = await ask(() => undefined, 200).catch((e: unknown) => e);
    assert.equal(outboundFailure(error), 'timed_out');
    assert.ok(performance.now() - began < 1_500);
  });

  it('is cut at the time limit when it drips, and its status counts', async () => {
    const began = performance.now();
    const response = await ask((_request, answer) => {
      answer.writeHead(204 + 1);
      const drip = setInterval(() => answer.write('.'), 20);
      answer.on('close', () => clearInterval(drip));
    }, 300);
    assert.equal(response.status, 205);
    assert.equal(response.isTruncated, true);
    assert.ok(performance.now() - began < 1_500);
  });

  it('that redirects is given back as it is, and not followed', async () => {
    let calls = 0;
    const response = await ask((_request, answer) => {
      calls += 1;
      answer.writeHead(301, { location: 'http://127.0.0.1/secret' }).end();
    });
    assert.equal(response.status, 301);
    assert.equal(response.headers['location'], 'http://127.0.0.1/secret');
    assert.equal(calls, 1);
  });

  it('that breaks off before its status is a failure', async () => {
    const error: unknown = await ask((request) => request.socket.destroy()).catch((e: unknown) => e);
    assert.equal(outboundFailure(error), 'broken_off');
  });
});

describe('the client for gateways', () => {
  it('refuses an answer that is too large, and says so', async () => {
    const server = await listen((_request, response) => response.end(Buffer.alloc(5_000)));
    const client = createGatewayClient({ maxResponseBytes: 1_000, timeoutMs: 2_000 });
    const url = `http://127.0.0.1:${String(portOf(server))}/`;
    await assert.rejects(client.send({ method: 'GET', url }), /broke off or is too large/);
    await client.close();
    await close(server);
  });

  it('stops when its caller does', async () => {
    const server = await listen(() => undefined);
    const client = createGatewayClient({ timeoutMs: 5_000 });
    const controller = new AbortController();
    const url = `http://127.0.0.1:${String(portOf(server))}/`;
    const pending = client.send({ method: 'GET', url }, controller.signal);
    controller.abort();
    await assert.rejects(pending, { name: 'AbortError' });
    await client.close();
    await close(server);
  });

  it('tells that nobody listens', async () => {
    const client = createGatewayClient({ timeoutMs: 2_000 });
    const error: unknown = await client
      .send({ method: 'GET', url: 'http://127.0.0.1:1/' })
      .catch((e: unknown) => e);
    assert.equal(outboundFailure(error), 'not_reached');
    await client.close();
  });
});

function listen(listener: RequestListener): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer(listener);
    server.listen(0, 'localhost', () => resolve(server));
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

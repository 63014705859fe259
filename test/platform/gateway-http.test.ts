import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGatewayHttp } from '../../src/platform/gateway-http.ts';

const never = () => new AbortController().signal;

async function withServer(listener: RequestListener, work: (origin: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('HTTP to gateways', () => {
  const http = createGatewayHttp({ timeoutMs: 5_000, maxBytes: 1_000 });

  it('sends exactly the bytes given and returns status, headers and bytes', () =>
    withServer(
      (request, response) => {
        response.statusCode = 418;
        response.setHeader('X-Twice', ['a', 'b']);
        request.pipe(response);
      },
      async (origin) => {
        const body = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]);
        const answer = await http({ method: 'POST', url: origin, headers: {}, body }, never());
        assert.equal(answer.status, 418);
        assert.deepEqual(answer.headers.get('x-twice'), ['a', 'b']);
        assert.deepEqual(Buffer.from(answer.body), body);
      },
    ));

  it('does not follow redirects', () => {
    let requests = 0;
    return withServer(
      (_request, response) => {
        requests += 1;
        response.writeHead(302, { location: '/elsewhere' }).end();
      },
      async (origin) => {
        const answer = await http({ method: 'GET', url: origin, headers: {} }, never());
        assert.deepEqual([answer.status, requests], [302, 1]);
      },
    );
  });

  it('refuses an answer larger than its limit, however long it goes on', () =>
    withServer(
      (_request, response) => {
        const more = () => {
          if (response.write(Buffer.alloc(600))) setImmediate(more);
          else response.once('drain', more);
        };
        more();
      },
      async (origin) => {
        await assert.rejects(
          http({ method: 'GET', url: origin, headers: {} }, never()),
          /larger than 1000 bytes/,
        );
      },
    ));

  it('gives up when the time is over, before or within the answer', async () => {
    const impatient = createGatewayHttp({ timeoutMs: 50, maxBytes: 1_000 });
    for (const listener of [() => undefined, (_: unknown, response: any) => void response.write('{')]) {
      await withServer(listener, async (origin) => {
        await assert.rejects(
          impatient({ method: 'GET', url: origin, headers: {} }, never()),
          /timeout|aborted/i,
        );
      });
    }
  });

  it("gives up when its caller's signal fires", () =>
    withServer(
      () => undefined,
      async (origin) => {
        const caller = new AbortController();
        const answer = http({ method: 'GET', url: origin, headers: {} }, caller.signal);
        caller.abort(new Error('the caller has gone'));
        await assert.rejects(answer, /the caller has gone/);
      },
    ));
});

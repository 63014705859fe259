/** The load generator: a process of its own that keeps a fixed number of keep-alive connections busy, one request at a time each. */
import { createHmac, randomUUID } from 'node:crypto';
import { connect } from 'node:net';

process.on('message', (job) => {
  run(job).then(
    (answer) => process.send({ answer }),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  );
});
process.on('disconnect', () => process.exit(0));

/**
 * Runs one closed loop and tells what came back.
 *
 * job: { requests, port, connections, warmUpMs, measureMs }; the loop ends early when the requests run out.
 */
async function run(job) {
  const requests = BUILDERS[job.requests.kind](job.requests);
  const latencies = [];
  const others = {};
  let next = 0;
  let good = 0;
  let goodInWindow = 0;
  let isRunningOut = false;
  const startedMs = performance.now();
  const from = startedMs + job.warmUpMs;
  const until = from + job.measureMs;

  await Promise.all(Array.from({ length: job.connections }, () => keepBusy()));
  const windowMs = Math.min(performance.now(), until) - from;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor((latencies.length - 1) * share)] ?? null;
  return {
    perSecond: goodInWindow / (windowMs / 1000),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    good,
    used: next,
    others,
    isRunningOut,
  };

  function keepBusy() {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: job.port, host: '127.0.0.1', noDelay: true });
      let pending = '';
      let sentMs = 0;
      socket.setEncoding('latin1');
      socket.on('error', reject);
      socket.on('connect', send);
      socket.on('data', (chunk) => {
        pending += chunk;
        const end = pending.indexOf('\r\n\r\n');
        if (end === -1) return;
        const length = /\r\ncontent-length: (\d+)/i.exec(pending);
        const size = end + 4 + Number(length?.[1] ?? 0);
        if (pending.length < size) return;
        answered(pending.slice(9, 12), pending.slice(end + 4, size));
        pending = pending.slice(size);
        send();
      });

      function send() {
        sentMs = performance.now();
        if (next >= requests.length) isRunningOut = true;
        if (sentMs >= until || next >= requests.length) {
          socket.end();
          resolve();
          return;
        }
        socket.write(requests[next]);
        next += 1;
      }

      function answered(status, body) {
        const nowMs = performance.now();
        const isGood = job.requests.goodBody
          ? status[0] === '2' && body.includes(job.requests.goodBody)
          : status[0] === '2';
        if (isGood) good += 1;
        else others[`${status} ${body.slice(0, 200)}`] = (others[`${status} ${body.slice(0, 200)}`] ?? 0) + 1;
        if (nowMs < from || nowMs >= until) return;
        if (isGood) goodInWindow += 1;
        latencies.push(nowMs - sentMs);
      }
    });
  }
}

const BUILDERS = {
  callback: callbacks,
  order: orders,
  raw: ({ bytes }) => bytes.map((each) => Buffer.from(each, 'base64')),
};

/** Signed words of the sandbox bank that these payments succeeded. */
function callbacks({ path, numbers, merchantId, secret, amount }) {
  const now = new Date();
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return numbers.map((number) => {
    const body = JSON.stringify({
      merchant_id: merchantId,
      items: [
        {
          type: 'payment',
          merchant_reference: `BENCH${number}`,
          status: 'approved',
          code: '00',
          amount: String(amount),
          currency: 'VND',
          transaction_id: `T${number}`,
          paid_at: now.toISOString(),
        },
      ],
    });
    const signature = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
    return Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nSandbox-Timestamp: ${timestamp}\r\n` +
        `Sandbox-Signature: v1=${signature}\r\n\r\n${body}`,
    );
  });
}

/** Orders of two lines, by clients in turn, each with a key and a dossier of its own. */
function orders({ from, count, clients, feeCode, date }) {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const { token, agencyCode } = clients[number % clients.length];
    const body = JSON.stringify({
      dossier_code: `${agencyCode}-${date}-${String(Math.floor(number / clients.length) % 1_000_000).padStart(6, '0')}`,
      procedure_code: '2.000815',
      payer: { name: 'Nguyễn Văn An', identity_number: '001234567890', email: 'an@example.vn' },
      lines: [
        { obligation_type: 'fee', fee_code: feeCode },
        { obligation_type: 'charge', amount: 30_000, description: 'Phí thẩm định hồ sơ' },
      ],
      metadata: { desk: '12' },
    });
    return Buffer.from(
      `POST /v1/payment-orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
        `Authorization: Bearer ${token}\r\nIdempotency-Key: ${randomUUID()}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
}

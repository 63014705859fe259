/** A receiver of webhooks in a process of its own: answers 204 to everything, prints its port and what it counted. */
import { createServer } from 'node:http';

let received = 0;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    received += 1;
    response.writeHead(204).end();
  });
});
server.keepAliveTimeout = 30_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${String(server.address().port)}\n`));
process.stdin.on('data', () => process.stdout.write(`${String(received)}\n`));
process.stdin.on('end', () => process.exit(0));

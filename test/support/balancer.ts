/** What stands in front of serving processes: passes a request on, and answers 502 where nobody does. */
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';

/** @param onFault  told of each request that nobody answered whole */
export function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  port: number | undefined,
  onFault: () => void,
): void {
  const fail = () => {
    onFault();
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  };
  if (port === undefined) {
    fail();
    return;
  }
  const { method, url, headers } = request;
  const sent = forward({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  sent.on('error', fail);
  request.pipe(sent);
}

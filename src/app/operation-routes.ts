/** /healthz, /readyz and /metrics: for whoever runs the service. */
import express, { type Request, type Router } from 'express';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './health.ts';

export function operationRoutes(deps: {
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: Metrics;
}): Router {
  const router = express.Router();
  router.get('/healthz', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'alive' });
  });
  router.get('/readyz', async (_request, response) => {
    const { ready, checks } = await deps.readiness();
    response
      .set('Cache-Control', 'no-store')
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ready' : 'not ready', checks });
  });
  router.get('/metrics', async (request, response, next) => {
    // Figures are for this machine or its own network; through a proxy they would be everybody's.
    if (!isFromHere(request)) {
      next();
      return;
    }
    response
      .set('Content-Type', deps.metrics.registry.contentType)
      .send(await deps.metrics.registry.metrics());
  });
  return router;
}

function isFromHere(request: Request): boolean {
  if (request.headers['x-forwarded-for'] !== undefined || request.headers['forwarded'] !== undefined)
    return false;
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return address === '::1' || /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);
}

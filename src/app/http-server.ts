/** One server: the gateways' door first, then one Express app with its mounts in order and a last error page. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import express, { type Express, type RequestHandler, type Router } from 'express';
import type { IdSource } from '../domain/kernel/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { assetsRouter } from '../web/assets.ts';
import { contextOf, localeOf, requestContext, sendPage } from '../web/request-context.ts';
import { errorPage, type PageContext, type SiteFacts } from '../web/page.tsx';
import { securityHeaders } from '../web/security.ts';
import { isDatabaseUnavailable } from '../platform/database.ts';

export interface HttpServerParts {
  readonly logger: Logger;
  readonly newId: IdSource;
  readonly site: SiteFacts;
  readonly timeZone: string;
  readonly formActionOrigins: readonly string[];
  readonly isSecure: boolean;
  readonly trustedProxies: number;
  /** Answers gateways' callbacks before Express sees them. */
  readonly callbackDoor: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Health and metrics: no headers for browsers, no rate limit. */
  readonly operation: Router;
  /** Other parties that live here for trying out; mounted before anything reads bodies. */
  readonly standIns: readonly { readonly path: string; readonly router: Router }[];
  readonly api: readonly Router[];
  readonly pages: readonly Router[];
}

export function createHttpServer(parts: HttpServerParts): { readonly server: Server; readonly app: Express } {
  const app = createExpressApp(parts);
  const server = createServer((request, response) => {
    if (!parts.callbackDoor(request, response)) app(request, response);
  });
  server.requestTimeout = 120_000;
  server.headersTimeout = 15_000;
  server.keepAliveTimeout = 65_000;
  return { server, app };
}

function createExpressApp(parts: HttpServerParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', parts.trustedProxies);
  app.use(parts.operation);
  app.use(requestContext(parts));
  app.use(securityHeaders(parts));
  for (const { path, router } of parts.standIns) app.use(path, router);
  for (const router of parts.api) app.use(router);
  app.use(assetsRouter());
  for (const router of parts.pages) app.use(router);
  app.use(notFoundPage(parts));
  app.use(faultPage(parts));
  return app;
}

function pageContext(
  parts: HttpServerParts,
  request: express.Request,
  response: express.Response,
): PageContext {
  return {
    site: parts.site,
    locale: localeOf(request, response),
    timeZone: parts.timeZone,
    path: request.originalUrl,
  };
}

function notFoundPage(parts: HttpServerParts): RequestHandler {
  return (request, response) => {
    sendPage(response, errorPage(pageContext(parts, request, response), { kind: 'not_found' }), {
      status: 404,
    });
  };
}

function faultPage(parts: HttpServerParts): express.ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (isOfRequest(error)) {
      notFoundPage(parts)(request, response, next);
      return;
    }
    const { logger, requestId } = contextOf(request);
    const isUnavailable = isDatabaseUnavailable(error);
    if (isUnavailable) response.set('Retry-After', '5');
    logger.error({ error }, 'page.failed');
    const cause = isUnavailable
      ? ({ kind: 'unavailable', minutes: 1, incident: requestId } as const)
      : ({ kind: 'fault', incident: requestId } as const);
    const page = errorPage(pageContext(parts, request, response), cause);
    sendPage(response, page, { status: isUnavailable ? 503 : 500 });
  };
}

/** Express says so of an address that cannot be decoded. */
function isOfRequest(error: unknown): boolean {
  const status = error instanceof Error ? (error as { status?: unknown }).status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500;
}

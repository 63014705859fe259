/** The API's own description: the OpenAPI document, and Swagger UI served from this very process. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Router } from 'express';
import { sendRaw, writeJson } from './raw-answer.ts';

const swaggerFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

// Swagger UI draws its icons from data addresses and sets styles on elements; nothing comes from elsewhere.
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Public payment service: API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
`;

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });
`;

/** `GET /openapi.json` and `GET /docs`. */
export function createDocsRoutes(document: Readonly<Record<string, unknown>>): Router {
  const router = express.Router();
  const text = writeJson(document);
  router.get('/openapi.json', (_request, response) => {
    sendRaw(response, { status: 200, contentType: 'application/json; charset=utf-8', headers: {}, text });
  });
  router.use('/docs', (_request, response, next) => {
    response.setHeader('Content-Security-Policy', CONTENT_POLICY);
    next();
  });
  router.get('/docs', (_request, response) => {
    sendRaw(response, { status: 200, contentType: 'text/html; charset=utf-8', headers: {}, text: PAGE });
  });
  router.get('/docs/start.js', (_request, response) => {
    sendRaw(response, {
      status: 200,
      contentType: 'text/javascript; charset=utf-8',
      headers: {},
      text: START,
    });
  });
  for (const file of FILES) {
    router.get(`/docs/${file}`, (_request, response, next) => {
      response.sendFile(file, { root: swaggerFolder, maxAge: '1h' }, (error?: Error) => {
        if (error) next(error);
      });
    });
  }
  return router;
}

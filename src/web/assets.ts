/** The files pages need, read once, served under names that carry their hash so that they may be kept for ever. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Router } from 'express';

const FOLDER = join(import.meta.dirname, 'assets');
const CONTENT_TYPES = {
  'inter-latin.woff2': 'font/woff2',
  'inter-vietnamese.woff2': 'font/woff2',
  'mark.svg': 'image/svg+xml',
  'status-poll.js': 'text/javascript; charset=utf-8',
  'copy.js': 'text/javascript; charset=utf-8',
  'forms.js': 'text/javascript; charset=utf-8',
  'staff.css': 'text/css; charset=utf-8',
} as const;

export type AssetName = keyof typeof CONTENT_TYPES;

interface Asset {
  readonly url: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

const ASSETS = new Map<AssetName, Asset>();
for (const [file, contentType] of Object.entries(CONTENT_TYPES)) {
  const bytes = readFileSync(join(FOLDER, file));
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const url = `/assets/${file.replace(/(\.\w+)$/, `.${hash}$1`)}`;
  ASSETS.set(file as AssetName, { url, contentType, bytes });
}

/** The address of a file, `/assets/copy.0123456789ab.js`. */
export function assetUrl(name: AssetName): string {
  const asset = ASSETS.get(name);
  if (!asset) throw new Error(`there is no asset ${name}`);
  return asset.url;
}

/** The CSS that every page carries in its head, comments and needless white space left out. */
export const SITE_CSS = withAssetUrls(shorten(readFileSync(join(FOLDER, 'site.css'), 'utf8')));

/** The source expression that lets {@link SITE_CSS}, and no other inline style, through the page's policy. */
export const inlineStyleHash = `'sha256-${createHash('sha256').update(SITE_CSS).digest('base64')}'`;

/** Serves `/assets/*` from memory. Anything else under it is left to the next handler. */
export function assetsRouter(): Router {
  const router = Router();
  const byUrl = new Map([...ASSETS.values()].map((asset) => [asset.url, asset]));
  router.get('/assets/:file', (request, response, next) => {
    const asset = byUrl.get(`/assets/${request.params.file}`);
    if (!asset) {
      next();
      return;
    }
    response.set('Content-Type', asset.contentType);
    response.set('Cache-Control', 'public, max-age=31536000, immutable');
    response.send(asset.bytes);
  });
  return router;
}

function shorten(css: string): string {
  return css
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .replace(/;}/g, '}')
    .trim();
}

function withAssetUrls(css: string): string {
  return css.replace(/url\("([^"]+)"\)/g, (_all, file: string) => `url("${assetUrl(file as AssetName)}")`);
}

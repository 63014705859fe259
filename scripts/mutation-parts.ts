/** What mutation testing looks at, one run of it each: the gateways that are here, and the door of money. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export const GATEWAYS: readonly string[] = readdirSync(join(import.meta.dirname, '..', 'src', 'gateways'), {
  withFileTypes: true,
})
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

export const PARTS: readonly string[] = [...GATEWAYS, 'record-outcome'];

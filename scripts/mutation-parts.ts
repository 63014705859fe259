/** What mutation testing looks at, one run of it each: the gateways that are here, what they share, and the door of money. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const GATEWAYS: readonly string[] = readdirSync(join(import.meta.dirname, '..', 'src', 'gateways'), {
  withFileTypes: true,
})
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

/** The reading and writing of messages. */
export const MESSAGES: readonly string[] = [...GATEWAYS, 'shared'];

export const PARTS: readonly string[] = [...MESSAGES, 'record-outcome'];

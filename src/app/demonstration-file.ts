/** demo.json: addresses and secrets of the demonstration, for people and programs alike. Mode 0600. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const credentials = { client_id: z.string().min(1), client_secret: z.string().min(1) };

const demonstration = z.strictObject({
  base_url: z.url(),
  agencies: z.array(
    z.strictObject({
      code: z.string(),
      name: z.string(),
      ...credentials,
      approver: z.strictObject(credentials),
      webhook_inbox_url: z.url(),
    }),
  ),
  operator: z.strictObject(credentials),
  checkout_url: z.url(),
  console_url: z.url().optional(),
  docs_url: z.url(),
});

export type Demonstration = z.output<typeof demonstration>;
export type Credentials = Demonstration['operator'];

export function demonstrationPath(dataDir: string): string {
  return join(dataDir, 'demo.json');
}

/** What an earlier start has written; null when there is nothing, or nothing of this form. */
export function readDemonstration(path: string): Demonstration | null {
  try {
    return demonstration.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Written beside and put in place, so that no reader meets half of it. */
export function writeDemonstration(path: string, content: Demonstration): void {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${String(process.pid)}.new`;
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, path);
}

/** Secrets made on the first start where none are given, and kept in the data folder for the next. */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Secret } from './secret.ts';

export interface GeneratedSecrets {
  readonly secretsKey: Secret;
  readonly linkKey: Secret;
  readonly sandboxSecret: Secret;
}

const FILE = z.object({ secrets_key: z.string(), link_key: z.string(), sandbox_secret: z.string() });

/** Reads the secrets of a file, making them first when it is missing. Mode 0600. */
export function generatedSecrets(path: string): GeneratedSecrets {
  mkdirSync(dirname(path), { recursive: true });
  const kept = FILE.safeParse(parsed(readOrMake(path)));
  if (!kept.success) {
    throw new Error(
      `${path} does not hold the generated secrets: restore it, for what they sealed needs them.`,
    );
  }
  return {
    secretsKey: new Secret(kept.data.secrets_key),
    linkKey: new Secret(kept.data.link_key),
    sandboxSecret: new Secret(kept.data.sandbox_secret),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readOrMake(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = () => randomBytes(32).toString('base64');
  const fresh = { secrets_key: key(), link_key: key(), sandbox_secret: key() };
  const draft = `${path}.${String(process.pid)}`;
  writeFileSync(draft, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path); // Whole or not at all, and never over one that another process has just made.
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, 'utf8');
}

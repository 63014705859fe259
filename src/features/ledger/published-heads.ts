/** The file of lines that tell of the chain outside the database: heads, and where a restored chain goes on. */
import { z } from 'zod';
import type { PublishedHead } from './verify-ledger.ts';

const LINE = z.union([
  z.object({ restored_to: z.int().min(0) }),
  z.object({ sequence: z.int().min(1), hash: z.string().regex(/^[0-9a-f]{64}$/) }),
]);

/** Told when a database was restored whose newest block is `sequence`: blocks after it that were told before are lost. */
export function restorationLine(sequence: bigint, at: Date): string {
  return `${JSON.stringify({ restored_to: Number(sequence), at: at.toISOString() })}\n`;
}

/**
 * The heads that the chain must still have: of a chain that was lost in part, only those up to where it went on.
 *
 * Throws, naming the line, on one that cannot be read: it proves nothing and is not passed over.
 */
export function headsOf(lines: string): PublishedHead[] {
  let heads: PublishedHead[] = [];
  for (const [index, line] of lines.split('\n').entries()) {
    if (line.trim() === '') continue;
    const read = LINE.safeParse(jsonOf(line));
    if (!read.success) throw new Error(`line ${String(index + 1)} is not a published head`);
    const told = read.data;
    if ('restored_to' in told) heads = heads.filter(({ sequence }) => sequence <= BigInt(told.restored_to));
    else heads.push({ sequence: BigInt(told.sequence), hash: told.hash });
  }
  return heads;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

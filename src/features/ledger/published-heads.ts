/** The file of lines that tell of the chain outside the database: heads, and where a restored chain goes on. */
import type { PublishedHead } from './verify-ledger.ts';

/** Told when a database was restored whose newest block is `sequence`: blocks after it that were told before are lost. */
export function restorationLine(sequence: bigint, at: Date): string {
  return `${JSON.stringify({ restored_to: Number(sequence), at: at.toISOString() })}\n`;
}

/** The heads that the chain must still have: of a chain that was lost in part, only those up to where it went on. */
export function headsOf(lines: string): PublishedHead[] {
  let heads: PublishedHead[] = [];
  for (const line of lines.split('\n')) {
    if (line === '') continue;
    const told = JSON.parse(line) as { sequence: number; hash: string } | { restored_to: number };
    if ('restored_to' in told) heads = heads.filter(({ sequence }) => sequence <= BigInt(told.restored_to));
    else heads.push({ sequence: BigInt(told.sequence), hash: told.hash });
  }
  return heads;
}

/** Random bytes for ids and codes, drawn from the system many at a time: a draw of sixteen costs as much as one of thousands. */
import { randomFillSync } from 'node:crypto';

const RESERVE_BYTES = 8_192;

/**
 * Makes a source of unguessable bytes. Each byte is given out once, so a source keeps nothing of what it gave.
 *
 * @returns a function of how many bytes are wanted, at most 64
 */
export function createRandomBytes(): (size: number) => Uint8Array {
  const reserve = Buffer.alloc(RESERVE_BYTES);
  let used = RESERVE_BYTES;
  return (size) => {
    if (used + size > RESERVE_BYTES) {
      randomFillSync(reserve);
      used = 0;
    }
    const given = Uint8Array.from(reserve.subarray(used, used + size));
    reserve.fill(0, used, used + size);
    used += size;
    return given;
  };
}

/**
 * MoMo's memory of requestIds ("API Idempotency" and "List Result Codes", read 2026-11-25): a request that is still
 * being worked on is 422 with 7000; after a final code the same answer comes again; after any other it is 40.
 *
 * It lives as long as the process: what must outlive it, orders and refunds, the book knows by their orderIds.
 */

export interface Worded {
  readonly resultCode: number;
  readonly message: string;
  /** Whatever else the answer tells. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

export interface Remembered extends Worded {
  readonly status: number;
}

const FINAL_CODES = new Set([
  0, 98, 99, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1017, 1026, 1080, 1081, 1088, 2019, 4001, 4002, 4100,
]);
const IN_PROGRESS: Remembered = { status: 422, resultCode: 7000, message: 'request already in progress' };
const DUPLICATE: Remembered = { status: 400, resultCode: 40, message: 'RequestId is duplicated.' };
const MOST = 100_000;

export type Once = (requestId: string, work: () => Promise<Worded>) => Promise<Remembered>;

export function createRequestMemory(): Once {
  const memory = new Map<string, Remembered>();

  function remember(requestId: string, answer: Remembered): void {
    memory.set(requestId, answer);
    const [oldest] = memory.keys();
    if (memory.size > MOST && oldest !== undefined) memory.delete(oldest);
  }

  return async (requestId, work) => {
    const known = memory.get(requestId);
    if (known) return known;
    remember(requestId, IN_PROGRESS);
    try {
      const worded = await work();
      const isFinal = FINAL_CODES.has(worded.resultCode);
      const answer = { status: statusOf(worded.resultCode), ...worded };
      remember(requestId, isFinal ? answer : DUPLICATE);
      return answer;
    } catch (error) {
      memory.delete(requestId);
      throw error;
    }
  };
}

/** Codes that find fault with the request itself are worded under 400. */
function statusOf(resultCode: number): number {
  return resultCode >= 11 && resultCode <= 47 ? 400 : 200;
}

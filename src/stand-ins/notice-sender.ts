/** What every other party does alike to tell its merchants: again and again what is due, over any crash of the receiver. */
import { setTimeout as delay } from 'node:timers/promises';

export interface NoticeSender {
  /**
   * Does everything due now and returns how many sendings there were; those that fail wait for their next time.
   * With `ignoreDueTime` each notice still owed is sent once more, whenever it was due.
   */
  pump(options?: { readonly ignoreDueTime?: boolean }): Promise<number>;
  start(): void;
  /** Resolves once nothing of this sender runs any more. */
  stop(): Promise<void>;
}

/** Which of the notices owed are to be taken now. */
export interface Claim {
  readonly now: Date;
  /** Takes those that wait for a later time, too. */
  readonly ignoreDueTime: boolean;
  /** Already sent in this round. */
  readonly except: readonly bigint[];
}

export interface NoticeWork<Notice> {
  readonly clock: { readonly now: () => Date };
  /** Does first what is due of itself and makes notices: delayed approvals, delayed refunds. */
  carryOutWhatIsDue(): Promise<void>;
  /** Takes some notices, so that no other sender has them. */
  claim(claim: Claim): Promise<readonly Notice[]>;
  /** Sends one and writes down what became of it. */
  send(notice: Notice): Promise<void>;
  /** Told of what keeps the loop from working, such as a database that is away. */
  readonly onFault: (error: unknown) => void;
  readonly pauseMs: number;
}

export function createNoticeSender<Notice extends { readonly id: bigint }>(
  work: NoticeWork<Notice>,
): NoticeSender {
  let stopping: AbortController | null = null;
  let running: Promise<void> = Promise.resolve();

  async function pump({ ignoreDueTime = false }: { readonly ignoreDueTime?: boolean } = {}): Promise<number> {
    await work.carryOutWhatIsDue();
    const sent: bigint[] = [];
    for (;;) {
      const claimed = await work.claim({ now: work.clock.now(), ignoreDueTime, except: sent });
      if (claimed.length === 0) return sent.length;
      await Promise.all(claimed.map((notice) => work.send(notice)));
      sent.push(...claimed.map(({ id }) => id));
    }
  }

  async function loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pump().catch(work.onFault);
      await delay(work.pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    pump,
    start() {
      if (stopping) return;
      stopping = new AbortController();
      running = loop(stopping.signal);
    },
    async stop() {
      stopping?.abort();
      await running;
      stopping = null;
    },
  };
}

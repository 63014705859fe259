/** A place where several wait for each other: complete once everybody has arrived at least once. */

export interface Meeting {
  arrive(who: string): void;
  /** Whether everybody had arrived, or did so within the time. */
  isCompleteWithin(ms: number): Promise<boolean>;
}

export function createMeeting(size: number): Meeting {
  const arrived = new Set<string>();
  const waiting = new Set<() => void>();
  return {
    arrive(who) {
      arrived.add(who);
      if (arrived.size < size) return;
      for (const wake of [...waiting]) wake();
    },
    isCompleteWithin(ms) {
      if (arrived.size >= size) return Promise.resolve(true);
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve(arrived.size >= size);
        };
        const timer = setTimeout(done, ms);
        waiting.add(done);
      });
    },
  };
}

/** A gate that lets so many through a window and no more, in this process's memory: for samples, not for fairness. */

export interface RateGate {
  /** Whether one more may pass now. */
  pass(): boolean;
}

export function createRateGate(options: { readonly most: number; readonly windowMs: number }): RateGate {
  let windowEnds = 0;
  let left = 0;
  return {
    pass() {
      const now = performance.now();
      if (now >= windowEnds) {
        windowEnds = now + options.windowMs;
        left = options.most;
      }
      left -= 1;
      return left >= 0;
    },
  };
}

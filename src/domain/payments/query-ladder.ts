/** The query ladder: when a silent payment is asked about. One ladder for every gateway. */
import { addMinutes } from '../kernel/time.ts';

/** Minutes after hand-off: 1, 2, 5, 10, 15, then hourly to 24 h, then daily to day 7. */
const MINUTES_AFTER_HAND_OFF: readonly number[] = [
  ...[1, 2, 5, 10, 15],
  ...Array.from({ length: 24 }, (_, hour) => (hour + 1) * 60),
  ...Array.from({ length: 6 }, (_, day) => (day + 2) * 24 * 60),
];

/** A payment that was created and never confirmed as handed off is first asked about after this. */
export const ASK_ABOUT_CREATED_AFTER_MINUTES = 2;

/** The shortest time between two questions a citizen can cause. */
export const CITIZEN_MAY_ASK_EVERY_SECONDS = 10;

export const LADDER_STEPS = MINUTES_AFTER_HAND_OFF.length;

/**
 * When the question of a step is due.
 *
 * @param step  0 for the first question
 * @returns null when the ladder is over; the payment's settlement line or two persons must tell
 */
export function dueAt(handedOffAt: Date, step: number): Date | null {
  const minutes = MINUTES_AFTER_HAND_OFF[step];
  return minutes === undefined ? null : addMinutes(handedOffAt, minutes);
}

/** The first step that lies after `now`, so that a service that slept does not ask once for each step it missed. */
export function nextStep(handedOffAt: Date, now: Date, asked: number): number {
  let step = asked;
  for (;;) {
    const due = dueAt(handedOffAt, step);
    if (due === null || due > now) return step;
    step += 1;
  }
}

/** How a lifecycle is declared as a table of states and moves, and walked. */
import { Refusal, type RefusalCode } from './refusals.ts';

/** For each state, the moves that leave it and where they lead. A missing state is a compile error. */
export type Lifecycle<State extends string, Move extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Move, State>>>>
>;

/** Where a move leads, or null when the table has no such move. */
export function moveFrom<State extends string, Move extends string>(
  table: Lifecycle<State, Move>,
  from: State,
  move: Move,
): State | null {
  return table[from][move] ?? null;
}

/** Where a move leads. Refuses with `code` when the table has no such move. */
export function nextState<State extends string, Move extends string>(
  table: Lifecycle<State, Move>,
  from: State,
  move: Move,
  code: RefusalCode,
): State {
  const to = table[from][move];
  if (to === undefined) {
    const detail = `It is ${from}: "${move}" leads nowhere from there.`;
    throw new Refusal(code, { state: from, move }, { detail });
  }
  return to;
}

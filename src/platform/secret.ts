/** A secret that shows itself only when asked by name. */
import { inspect } from 'node:util';

const HIDDEN = '[secret]';

/** Holds text that must not reach a log, an answer or an error by accident: printing it prints `[secret]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Call it where it is used, never where it is passed on. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

import { inspect } from 'node:util';

const redacted = '[redacted]';

/** A value that never shows in a log line, an error, JSON or a debugger's listing by mistake: only `reveal()` gives it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}

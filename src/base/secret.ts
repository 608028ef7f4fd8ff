import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** A value that prints as `[redacted]` in template strings, JSON, logs and the inspector. Only `reveal()` returns it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  get isEmpty(): boolean {
    return this.#value === '';
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  /** @internal */
  [inspect.custom](): string {
    return REDACTED;
  }
}

/** The text of a value, in clear text if it is a secret. */
export function revealed(value: unknown): string {
  return value instanceof Secret ? value.reveal() : String(value);
}

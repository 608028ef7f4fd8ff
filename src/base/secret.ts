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

/** Shorter texts occur by chance. */
const MIN_LENGTH = 4;

/** The forms in which a server may echo a text: as is, in JSON, in a URL, and as base64 without padding. */
function encodedForms(text: string): readonly string[] {
  return [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text), text.replace(/=+$/, '')];
}

/**
 * Removes secrets from the text of a server. Some gateways and test servers echo the request headers in an error, and error messages
 * quote the server.
 */
export function redactSecrets(text: string, secrets: readonly string[]): string {
  return (
    [...new Set(secrets.flatMap(encodedForms))]
      .filter(({ length }) => length >= MIN_LENGTH)
      // Longest first, because one may contain another.
      .sort((one, other) => other.length - one.length)
      .reduce((left, form) => left.replaceAll(form, REDACTED), text)
  );
}

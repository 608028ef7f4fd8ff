import { Secret } from './secret.ts';
import type { SettingsReader } from './settings-reader.ts';

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false };

/**
 * Reads your project's own settings, which are under `app:` in `application.yaml`. As with all settings, `application-local.yaml` and environment
 * variables take precedence. For example, APP_CRM_APIKEY overrides the key `crm.api-key`. A key without a `fallback` is required.
 */
export class AppSettings {
  readonly #reader: SettingsReader;

  constructor(reader: SettingsReader) {
    this.#reader = reader;
  }

  text(key: string, fallback?: string): string {
    return this.read(key, 'a value', (text) => text, fallback);
  }

  number(key: string, fallback?: number): number {
    return this.read(key, 'a number', (text) => (Number.isFinite(Number(text)) ? Number(text) : undefined), fallback);
  }

  boolean(key: string, fallback?: boolean): boolean {
    return this.read(key, 'true or false', (text) => BOOLEANS[text.toLowerCase()], fallback);
  }

  /** A value that prints as `[redacted]` everywhere. `reveal()` returns it. */
  secret(key: string): Secret {
    return this.read(key, 'a secret', (text) => new Secret(text));
  }

  /** A value of another type. `parse` returns undefined for a text that is not `expected`, such as `a URL`. */
  read<Value>(
    key: string,
    expected: string,
    parse: (text: string) => NoInfer<Value> | undefined,
    fallback?: Value,
  ): Value {
    const name = `app.${key}`;
    const value = this.#reader.read(name, expected, parse) ?? fallback;
    // The worker reports all problems together, and does not start.
    if (value === undefined) this.#reader.missing(name, expected);
    return value as Value;
  }
}

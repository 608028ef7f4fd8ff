import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, YAMLParseError } from 'yaml';

export type ProblemCode =
  'missing' | 'invalid' | 'placeholder' | 'unreadable' | 'conflict' | 'mixed-credentials' | 'endpoint-mismatch';

/** One problem with the settings. Never contains the value of a secret. */
export interface SettingsProblem {
  readonly key: string;
  readonly code: ProblemCode;
  /** Where the value is set (`application.yaml`, an environment variable), or where it can be set. */
  readonly source: string;
  readonly expected: string;
}

/** A value as written, and where it comes from. */
export interface SettingValue {
  readonly raw: string;
  /** Without spaces and line breaks around it. */
  readonly text: string;
  readonly source: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** In ascending order of precedence. */
const FILES = ['application.yaml', 'application-local.yaml'];

/** Some settings have another name in KuFlow's own samples, which files may use too. */
const ALIASES: Readonly<Record<string, string>> = {
  'kuflow.api.tenant-id': 'temporal.tenant-id',
  'worker.installation-id': 'temporal.installation-id',
  'worker.robot-ids': 'temporal.robot-ids',
};

/** Characters without width, marks of direction and byte order marks, which come with copied text. PEM may start with one. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/;

/** The environment variable of a setting, such as TEMPORAL_MUTUALTLS_CERT for `temporal.mutual-tls.cert`. */
const variableOf = (key: string): string => key.toUpperCase().replaceAll('-', '').replaceAll('.', '_');

/** Reads settings from the environment and the application files, and collects the problems with them. */
export class SettingsReader {
  readonly problems: SettingsProblem[] = [];
  readonly #directory: string;
  readonly #environment: Environment;
  readonly #files: readonly { readonly name: string; readonly content: unknown }[];

  constructor(directory: string, environment: Environment) {
    this.#directory = directory;
    this.#environment = environment;
    this.#files = FILES.map((name) => ({ name, content: this.#parse(name) }));
  }

  problem(key: string, code: ProblemCode, source: string, expected: string): void {
    // One problem per key is enough.
    if (!this.problems.some((problem) => problem.key === key)) this.problems.push({ key, code, source, expected });
  }

  missing(key: string, expected: string, code: ProblemCode = 'missing'): void {
    this.problem(key, code, `${FILES.join(', ')} or ${variableOf(key)}`, expected);
  }

  fromEnvironment(variable: string): SettingValue | undefined {
    return toValue(this.#environment[variable] ?? '', variable);
  }

  fromFiles(key: string): SettingValue | undefined {
    let found: SettingValue | undefined;
    for (const { name, content } of this.#files) {
      for (const path of [ALIASES[key] ?? key, key]) {
        let value: unknown = content;
        for (const part of path.split('.')) value = isMap(value) ? value[part] : undefined;
        if (key === 'worker.robot-ids' && Array.isArray(value)) value = value.join(',');
        if (typeof value === 'string') found = toValue(value, name) ?? found;
        else if (value !== undefined && value !== null) this.problem(key, 'invalid', name, 'a single value');
      }
    }
    return found;
  }

  find(key: string): SettingValue | undefined {
    const inFiles = this.fromFiles(key);
    return this.usable(key, this.fromEnvironment(variableOf(key)) ?? inFiles);
  }

  /** Reports KuFlow's placeholder, quotes around a value and invisible characters as problems, and returns undefined for them. */
  usable(key: string, found: SettingValue | undefined): SettingValue | undefined {
    if (found === undefined) return undefined;
    if (found.text.includes('FILL_ME')) this.problem(key, 'placeholder', found.source, 'a value instead of FILL_ME');
    else if (/^(["']).*\1$/s.test(found.text))
      this.problem(key, 'invalid', found.source, 'a value without quotes around it');
    else if (INVISIBLE.test(found.raw) && !key.endsWith('-data'))
      this.problem(key, 'invalid', found.source, 'a value without invisible characters; type it again');
    else return found;
    return undefined;
  }

  /** The setting as read by `parse`, which returns undefined for a text that is not `expected`. */
  read<Value>(key: string, expected: string, parse: (text: string) => Value | undefined): Value | undefined {
    const found = this.find(key);
    if (found === undefined) return undefined;
    const value = parse(found.text);
    if (value === undefined) this.problem(key, 'invalid', found.source, expected);
    return value;
  }

  /** The absolute path of a file in a setting. */
  pathOf(text: string): string {
    return resolve(this.#directory, text);
  }

  readFile(key: string, { text, source }: SettingValue): string | undefined {
    try {
      return readFileSync(this.pathOf(text), 'utf8');
    } catch (error) {
      this.problem(key, 'unreadable', source, `a readable file: ${codeOf(error) ?? 'unknown error'}`);
      return undefined;
    }
  }

  #parse(file: string): unknown {
    try {
      // Keeps every scalar as written: a secret of digits must not lose its leading zeros.
      const text = readFileSync(join(this.#directory, file), 'utf8');
      const content: unknown = parse(text, { schema: 'failsafe', merge: true, logLevel: 'error' }) || {};
      if (isMap(content)) return content;
      this.problem(file, 'unreadable', file, 'a YAML file with key-value pairs');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      // Only the position: the message of a YAML error quotes the file, which may contain the secret.
      const at = error instanceof YAMLParseError ? error.linePos?.[0] : undefined;
      const position = at === undefined ? '' : ` at line ${at.line}, column ${at.col}`;
      const reason = codeOf(error) ?? `not valid YAML${position}`;
      this.problem(file, 'unreadable', file, `a readable YAML file: ${reason}`);
    }
    return undefined;
  }
}

/** Undefined for an empty text, which counts as not set. */
function toValue(raw: string, source: string): SettingValue | undefined {
  const text = raw.trim();
  return text === '' ? undefined : { raw, text, source };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The code of a system error. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : undefined;
}

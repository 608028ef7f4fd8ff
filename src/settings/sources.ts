import { SETTING_KEYS, type SettingName } from './keys.ts';

/** Where a value stands. */
export interface Source {
  readonly kind: 'flag' | 'environment' | 'file' | 'profile' | 'default';
  /** The option, the variable, the key in the file, or the profile. */
  readonly name: string;
  /** Absolute. */
  readonly file?: string;
  readonly line?: number;
}

/**
 * `missing`: not given. `placeholder`: FILL_ME. `invalid`: not what the key takes. `unreadable`: a file that can't be read.
 * `mixed-credentials`: id and secret in different sources. `conflict`: two ways of giving one thing.
 * `endpoint-mismatch`: credentials of the environment or a profile, and another source that names another endpoint.
 */
export type ProblemCode =
  'missing' | 'placeholder' | 'invalid' | 'unreadable' | 'mixed-credentials' | 'conflict' | 'endpoint-mismatch';

export interface SettingProblem {
  /** A setting, `temporal.mutual-tls`, or the name of an application file. */
  readonly key: string;
  readonly code: ProblemCode;
  readonly source?: Source;
  /** What was expected, and what was seen where that is no secret. */
  readonly expected: string;
}

export interface SettingWarning {
  readonly key: string;
  readonly code: 'unknown-key' | 'readable-by-others' | 'secret-in-tracked-file';
  readonly source: Source;
  readonly message: string;
}

/** A value as written. It may be a secret, so no entry is ever printed. */
export interface Entry {
  readonly raw: string;
  readonly source: Source;
}

/** One place that gives values; layers of one group are one source of credentials. */
export interface Layer {
  readonly group: 'flags' | 'profile-flag' | 'environment' | 'profile-environment' | 'files' | 'profile-default';
  readonly entries: ReadonlyMap<SettingName, Entry>;
  readonly problems: readonly SettingProblem[];
  readonly warnings: readonly SettingWarning[];
}

/** `application-local.yaml:3`, `KUFLOW_API_CLIENTID`, `--client-id`, `default`. */
export function sourceText(source: Source): string {
  if (source.kind === 'default') return 'default';
  if (source.kind === 'profile') return `profile ${source.name}`;
  if (source.file === undefined || source.kind === 'flag') return source.name;
  const short = source.file.split(/[\\/]/).at(-1) ?? source.file;
  return source.kind === 'environment'
    ? `${source.name} (${source.file})`
    : `${short}${source.line === undefined ? '' : `:${source.line}`}`;
}

/** The variables of the environment that give these settings, in their order. */
export function variablesOf(names: readonly SettingName[]): readonly string[] {
  return names.flatMap((name) => SETTING_KEYS.filter((key) => key.name === name).map(({ env }) => env));
}

import type { Advice } from '../base/advice.ts';
import type { SettingName } from './keys.ts';

export interface Source {
  readonly kind: 'flag' | 'environment' | 'file' | 'profile' | 'local' | 'default';
  /** The option, the variable, the key in the file, the profile, or the local KuFlow. */
  readonly name: string;
  /** Absolute. */
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  /** Written as a number without quotes. Programs that rewrite the file may change its digits. */
  readonly isNumber?: boolean | undefined;
}

/**
 * `missing`: not set. `placeholder`: FILL_ME. `invalid`: a value the setting does not accept. `unreadable`: a file that cannot be read.
 * `mixed-credentials`: client ID and secret in different sources. `conflict`: the same thing set in two ways.
 * `endpoint-mismatch`: credentials of the environment or a profile, and a different endpoint in another source.
 */
export type ProblemCode =
  | 'missing'
  | 'placeholder'
  | 'invalid'
  | 'unreadable'
  | 'mixed-credentials'
  | 'conflict'
  | 'endpoint-mismatch';

export interface SettingProblem {
  /** A setting, `temporal.mutual-tls`, or the name of an application file. */
  readonly key: string;
  readonly code: ProblemCode;
  readonly source?: Source | undefined;
  /** A phrase such as `expected one line of text`; never contains a secret. */
  readonly problem: string;
  /** What to do, where more is known than that the value has to be corrected. */
  readonly next?: Advice | undefined;
}

/** The first step that an error names. */
export function firstStep({ next: [text] }: { readonly next: readonly string[] }): Advice | undefined {
  return text === undefined ? undefined : { text };
}

export interface SettingWarning {
  readonly key: string;
  readonly code: 'unknown-key' | 'readable-by-others' | 'secret-in-tracked-file';
  readonly source: Source;
  readonly message: string;
  /** The setting that a key is probably meant to be. */
  readonly meant?: string | undefined;
}

/** A value as written. It may be a secret, so never print an entry. */
export interface Entry {
  readonly raw: string;
  readonly source: Source;
}

/** A source of values. Layers of the same group count as one source of credentials. */
export interface Layer {
  readonly group:
    | 'flags'
    | 'local'
    | 'profile-flag'
    | 'environment'
    | 'profile-environment'
    | 'files'
    | 'profile-default';
  readonly entries: ReadonlyMap<SettingName, Entry>;
  readonly problems: readonly SettingProblem[];
  readonly warnings: readonly SettingWarning[];
}

/** `application-local.yaml:3`, `KUFLOW_API_CLIENTID`, `--client-id`, `default`. */
export function formatSource(source: Source): string {
  if (source.kind === 'default') return 'default';
  if (source.kind === 'local') return source.name;
  if (source.kind === 'profile') return `profile ${source.name}`;
  if (source.file === undefined || source.kind === 'flag') return source.name;
  const short = source.file.split(/[\\/]/).at(-1) ?? source.file;
  return source.kind === 'environment'
    ? `${source.name} (${source.file})`
    : `${short}${source.line === undefined ? '' : `:${source.line}`}`;
}

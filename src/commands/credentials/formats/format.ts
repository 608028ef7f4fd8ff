import type { Secret } from '../../../base/secret.ts';
import type { CredentialSet } from '../credential-set.ts';
import type { SetPaths } from '../store/sets.ts';

export const FORMAT_NAMES = ['pem', 'dotenv', 'yaml', 'temporal-toml', 'k8s-secret', 'json'] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];

/** The input of a format: a set, and the target to write it into. */
export interface FormatInput {
  readonly set: CredentialSet;
  /** Text of the existing target, including its byte order mark; absent for a new target. */
  readonly existing?: string | undefined;
  readonly name: string;
  /** Paths to write instead of certificate, key and authorities. */
  readonly paths?: SetPaths | undefined;
  readonly profile: string;
  /** Name of the Secret. If absent, the only Secret in the target, or `kuflow-worker`. */
  readonly secretName?: string | undefined;
}

export interface KeyChange {
  readonly kind: 'added' | 'changed' | 'removed';
  readonly key: string;
}

export interface Formatted {
  /** The complete new text. It may contain secrets, including those that were in the target before. */
  readonly text: Secret;
  readonly changes: readonly KeyChange[];
  /** Sentences for the user, without secrets. */
  readonly notes: readonly string[];
}

/** The values to write; undefined for a key that has to be removed, because another key sets the same thing. */
export type KeyValues = ReadonlyMap<string, string | undefined>;

/** The differences between these values and those before. */
export function listKeyChanges(
  values: KeyValues,
  valueBefore: (key: string) => string | undefined,
): readonly KeyChange[] {
  return [...values].flatMap(([key, value]): readonly KeyChange[] => {
    const old = valueBefore(key);
    if (old === value) return [];
    return [{ kind: old === undefined ? 'added' : value === undefined ? 'removed' : 'changed', key }];
  });
}

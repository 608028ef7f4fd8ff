import type { Secret } from '../../../base/secret.ts';
import type { CredentialSet } from '../set.ts';
import type { SetPaths } from '../store/layout.ts';

/** What a form is made of, and into. */
export interface FormatInput {
  readonly set: CredentialSet;
  /** Text of the target, byte order mark included; absent when nothing is there. */
  readonly existing?: string;
  /** What messages call the target. */
  readonly name: string;
  /** Absent: the certificate, the key and the authorities are written themselves; else where they stand. */
  readonly paths?: SetPaths;
  /** Profile of a Temporal configuration file. */
  readonly profile: string;
  /** Name of the Secret; absent: the only one of the target, else `kuflow-worker`. */
  readonly secretName?: string;
}

/** A key that an edit touches, never with its value. */
export interface KeyChange {
  readonly kind: 'added' | 'changed' | 'removed';
  readonly key: string;
}

export interface Formatted {
  /** The whole new text: it may hold secrets, also such as stood there before. */
  readonly text: Secret;
  readonly changes: readonly KeyChange[];
  /** Sentences that a person should read; no secret in them. */
  readonly notes: readonly string[];
}

/** What our keys say; undefined for one that must not be there, because another of ours says it in another way. */
export type KeyValues = ReadonlyMap<string, string | undefined>;

/** What becomes of our keys, by what they said before and are to say now. */
export function listKeyChanges(before: ReadonlyMap<string, string>, values: KeyValues): readonly KeyChange[] {
  const changes: KeyChange[] = [];
  for (const [key, value] of values) {
    const old = before.get(key);
    if (old === value) continue;
    changes.push({ kind: old === undefined ? 'added' : value === undefined ? 'removed' : 'changed', key });
  }
  return changes;
}

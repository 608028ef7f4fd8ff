import type { Secret } from '../../base/secret.ts';

/** The keychains that there are files for; the name stands in the profile file. */
export const KEYCHAINS = ['secret-service', 'macos-keychain', 'windows-vault'] as const;
export type KeychainName = (typeof KEYCHAINS)[number];

export interface Keychain {
  readonly name: KeychainName;
  /** For a sentence: `the system's keychain (secret-tool)`. */
  readonly title: string;
  /** Replaces what is there under this key. `label` is what people see. */
  store(key: string, secret: Secret, label: string): Promise<KeychainResult>;
  read(key: string): Promise<KeychainRead>;
  /** Removes it; one that is not there is no failure. */
  remove(key: string): Promise<KeychainResult>;
  /** What a person types to remove it. */
  removeCommand(key: string): string;
}

export type KeychainResult = { readonly kind: 'done' } | KeychainFailure;
export type KeychainRead =
  { readonly kind: 'found'; readonly secret: Secret } | { readonly kind: 'absent' } | KeychainFailure;

export interface KeychainFailure {
  readonly kind: 'failed';
  /** Completes "the keychain can't be used: …". */
  readonly why: string;
}

export interface KeychainContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Under which every entry stands, beside its own key. */
export const KEYCHAIN_SERVICE = 'create-kuflow-worker';

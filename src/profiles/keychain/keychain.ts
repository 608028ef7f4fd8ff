import type { Secret } from '../../base/secret.ts';
import type { Environment } from '../../settings/environment.ts';

/** The supported keychains, as named in the profile file. */
export const KEYCHAINS = ['secret-service', 'macos-keychain', 'windows-vault'] as const;
export type KeychainName = (typeof KEYCHAINS)[number];

export interface Keychain {
  readonly name: KeychainName;
  /** For use in a sentence: `the system's keychain (secret-tool)`. */
  readonly title: string;
  /** Stores or replaces the secret under this key. `label` is shown to people. */
  store(key: string, secret: Secret, label: string): Promise<KeychainResult>;
  read(key: string): Promise<KeychainRead>;
  /** Removes the secret; succeeds if it does not exist. */
  remove(key: string): Promise<KeychainResult>;
  /** How a person can remove the secret. */
  removeCommand(key: string): string;
}

export type KeychainResult = { readonly kind: 'done' } | KeychainFailure;
export type KeychainRead =
  | { readonly kind: 'found'; readonly secret: Secret }
  | { readonly kind: 'absent' }
  | KeychainFailure;

export interface KeychainFailure {
  readonly kind: 'failed';
  /** Completes "the keychain cannot be used: …". */
  readonly why: string;
}

export interface KeychainContext {
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The service name of all entries, in addition to their key. */
export const KEYCHAIN_SERVICE = 'create-kuflow-worker';

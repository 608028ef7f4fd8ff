import { macosKeychain } from './macos.ts';
import { secretServiceKeychain } from './linux.ts';
import { windowsVault } from './windows.ts';
import type { Keychain, KeychainName, KeychainContext } from './keychain.ts';

/** A tool that has not answered by then waits for somebody who is not there: a locked keychain without a screen. */
export const KEYCHAIN_MS = 3_000;

export type OpenedKeychain =
  | { readonly kind: 'open'; readonly keychain: Keychain }
  /** `why` completes "the keychain is not used: …". */
  | { readonly kind: 'none'; readonly why: string };

type Keychains = Partial<Record<NodeJS.Platform, (world: KeychainContext) => Keychain>>;

export interface KeychainOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  readonly platform?: NodeJS.Platform;
  /** Those of the systems when absent. */
  readonly keychains?: Keychains;
}

/** The keychain of this system; none in continuous integration, where nobody would unlock it. Starts nothing yet. */
export function openKeychain({
  env,
  signal,
  platform = process.platform,
  keychains = BY_PLATFORM,
}: KeychainOptions): OpenedKeychain {
  if ((env['CI'] ?? '') !== '') return { kind: 'none', why: 'CI is set' };
  const world: KeychainContext = { env, timeoutMs: KEYCHAIN_MS, ...(signal && { signal }) };
  const open = keychains[platform];
  if (open === undefined) return { kind: 'none', why: `there is none for ${platform}` };
  return { kind: 'open', keychain: open(world) };
}

/** That of a profile: one that was made on another system can't be opened here. */
export function openNamedKeychain(name: KeychainName, question: KeychainOptions): OpenedKeychain {
  const opened = openKeychain(question);
  if (opened.kind === 'none' || opened.keychain.name === name) return opened;
  return { kind: 'none', why: `it is a ${name}, of another system` };
}

const BY_PLATFORM: Keychains = {
  linux: secretServiceKeychain,
  darwin: (world) => macosKeychain(world),
  win32: (world) => windowsVault(world),
};

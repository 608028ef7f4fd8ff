import { macosKeychain } from './macos.ts';
import { secretServiceKeychain } from './linux.ts';
import { windowsVault } from './windows.ts';
import { KEYCHAIN_MS, type Keychain, type KeychainContext, type KeychainName } from './keychain.ts';
import type { Environment } from '../../settings/environment.ts';

export type OpenedKeychain =
  | { readonly kind: 'open'; readonly keychain: Keychain }
  /** `why` completes "the keychain is not used: …". */
  | { readonly kind: 'none'; readonly why: string };

type Keychains = Partial<Record<NodeJS.Platform, (context: KeychainContext) => Keychain>>;

export interface KeychainOptions {
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
  readonly platform?: NodeJS.Platform;
  readonly keychains?: Keychains;
}

/** The keychain of this system; none in CI, where nobody can unlock it. Does not start a process. */
export function openKeychain({
  env,
  signal,
  platform = process.platform,
  keychains = BY_PLATFORM,
}: KeychainOptions): OpenedKeychain {
  if ((env['CI'] ?? '') !== '') return { kind: 'none', why: 'CI is set' };
  const context: KeychainContext = { env, timeoutMs: KEYCHAIN_MS, signal };
  const open = keychains[platform];
  if (open === undefined) return { kind: 'none', why: `${platform} is not supported` };
  return { kind: 'open', keychain: open(context) };
}

/** The keychain of a profile; a keychain of another system cannot be opened here. */
export function openNamedKeychain(name: KeychainName, options: KeychainOptions): OpenedKeychain {
  const opened = openKeychain(options);
  if (opened.kind === 'none' || opened.keychain.name === name) return opened;
  return { kind: 'none', why: `${name} belongs to another system` };
}

const BY_PLATFORM: Keychains = {
  linux: secretServiceKeychain,
  darwin: (context) => macosKeychain(context),
  win32: (context) => windowsVault(context),
};

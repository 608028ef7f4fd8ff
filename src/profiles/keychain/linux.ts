import { Secret } from '../../base/secret.ts';
import { KEYCHAIN_SERVICE, type Keychain, type KeychainFailure, type KeychainContext } from './keychain.ts';
import { runTool, type ToolResult } from './run-tool.ts';

const PROGRAM = 'secret-tool';

/** The Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC), through libsecret's own tool. */
export function secretServiceKeychain(world: KeychainContext): Keychain {
  const call = (args: readonly string[], input?: Secret): Promise<ToolResult> =>
    runTool({ program: PROGRAM, args, ...world, ...(input && { input }) });
  const attributes = (key: string): readonly string[] => ['service', KEYCHAIN_SERVICE, 'profile', key];
  return {
    name: 'secret-service',
    title: `the system's keychain (${PROGRAM})`,
    store: async (key, secret, label) => {
      const end = await call(['store', `--label=${label}`, ...attributes(key)], secret);
      return end.kind === 'ended' && end.status === 0 ? { kind: 'done' } : failed(end);
    },
    read: async (key) => {
      const end = await call(['lookup', ...attributes(key)]);
      if (end.kind === 'ended' && end.status === 0 && end.output.length > 0)
        return { kind: 'found', secret: new Secret(end.output.toString('utf8')) };
      // An entry that is not there is status 1 without a word; everything else is told.
      return end.kind === 'ended' && end.complaint === '' ? { kind: 'absent' } : failed(end);
    },
    remove: async (key) => {
      const end = await call(['clear', ...attributes(key)]);
      return end.kind === 'ended' && (end.status === 0 || end.complaint === '') ? { kind: 'done' } : failed(end);
    },
    removeCommand: (key) => `${PROGRAM} clear service ${KEYCHAIN_SERVICE} profile ${key}`,
  };
}

function failed(end: ToolResult): KeychainFailure {
  if (end.kind === 'failed') return end;
  return { kind: 'failed', why: end.complaint === '' ? `${PROGRAM} ended with ${end.status}` : end.complaint };
}

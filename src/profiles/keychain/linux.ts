import { Secret } from '../../base/secret.ts';
import { KEYCHAIN_SERVICE, runTool, toolFailure, toolResult, type Keychain, type KeychainContext } from './keychain.ts';

const PROGRAM = 'secret-tool';

/** The Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC), through `secret-tool` of libsecret. */
export function secretServiceKeychain(context: KeychainContext): Keychain {
  const call = (args: readonly string[], input?: Secret) => runTool({ program: PROGRAM, args, ...context, input });
  const attributes = (key: string): readonly string[] => ['service', KEYCHAIN_SERVICE, 'profile', key];
  return {
    name: 'secret-service',
    title: `the system's keychain (${PROGRAM})`,
    store: async (key, secret, label) => {
      const end = await call(['store', `--label=${label}`, ...attributes(key)], secret);
      return toolResult(end, PROGRAM, ({ status }) => status === 0);
    },
    read: async (key) => {
      const end = await call(['lookup', ...attributes(key)]);
      if (end.kind === 'ended' && end.status === 0 && end.output.length > 0)
        return { kind: 'found', secret: new Secret(end.output.toString('utf8')) };
      // A missing entry is status 1 without a message; every other failure has one.
      return end.kind === 'ended' && end.message === '' ? { kind: 'absent' } : toolFailure(end, PROGRAM);
    },
    remove: async (key) => {
      const end = await call(['clear', ...attributes(key)]);
      return toolResult(end, PROGRAM, ({ status, message }) => status === 0 || message === '');
    },
    removeCommand: (key) => `${PROGRAM} clear service ${KEYCHAIN_SERVICE} profile ${key}`,
  };
}

import { Secret } from '../../base/secret.ts';
import { KEYCHAIN_SERVICE, runTool, toolFailure, toolResult, type Keychain, type KeychainContext } from './keychain.ts';

/** An absolute path, because another program on the PATH must not get the secret. */
const PROGRAM = '/usr/bin/security';
/** errSecItemNotFound, as an exit status. */
const NOT_FOUND = 44;
/** The interactive mode reads lines of up to 4,096 bytes, and each byte of the secret takes two of them. */
const LONGEST = 1_500;
const PLAIN = /^[\w.@:/[\]-]+$/;

/**
 * The login keychain of macOS, through `security`. `-w <secret>` would make the secret an argument, and `-w` alone asks
 * for it on a terminal. Its interactive mode reads commands from standard input; the secret is written in hexadecimal,
 * which needs no quotes.
 */
export function macosKeychain(context: KeychainContext, program = PROGRAM): Keychain {
  const call = (args: readonly string[], input?: Secret) => runTool({ program, args, ...context, input });
  const item = (key: string): readonly string[] => ['-s', KEYCHAIN_SERVICE, '-a', key];
  return {
    name: 'macos-keychain',
    title: "the system's keychain (security)",
    store: async (key, secret, label) => {
      const bytes = Buffer.from(secret.reveal(), 'utf8');
      // `find-generic-password -w` prints anything but plain ASCII in another encoding.
      if (!/^[\x20-\x7e]+$/.test(secret.reveal())) return { kind: 'failed', why: 'security only returns plain ASCII' };
      if (bytes.length > LONGEST || !PLAIN.test(key))
        return { kind: 'failed', why: 'the secret is too long for security' };
      const line = `add-generic-password -U ${item(key).join(' ')} -l "${label}" -X ${bytes.toString('hex')}\n`;
      const end = await call(['-i'], new Secret(line));
      // The status of the interactive mode is not reliable; `storeInKeychain` reads the secret back.
      return toolResult(end, 'security', ({ status, message }) => status === 0 && message === '');
    },
    read: async (key) => {
      const end = await call(['find-generic-password', ...item(key), '-w']);
      if (end.kind === 'ended' && end.status === 0)
        return { kind: 'found', secret: new Secret(end.output.toString('utf8').replace(/\n$/, '')) };
      return end.kind === 'ended' && end.status === NOT_FOUND ? { kind: 'absent' } : toolFailure(end, 'security');
    },
    remove: async (key) => {
      const end = await call(['delete-generic-password', ...item(key)]);
      return toolResult(end, 'security', ({ status }) => status === 0 || status === NOT_FOUND);
    },
    removeCommand: (key) => `security delete-generic-password ${item(key).join(' ')}`,
  };
}

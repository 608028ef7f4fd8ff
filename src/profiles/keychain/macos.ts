import { Secret } from '../../base/secret.ts';
import { KEYCHAIN_SERVICE, type Keychain, type KeychainFailure, type KeychainContext } from './keychain.ts';
import { runTool, type ToolResult } from './run-tool.ts';

/** By its path: a keychain is not asked through whatever comes first on the PATH. */
const PROGRAM = '/usr/bin/security';
/** errSecItemNotFound, as an exit status. */
const NOT_FOUND = 44;
/** The longest line that its interactive mode reads is 4,096 bytes, of which the secret takes two for each of its own. */
const LONGEST = 1_500;
const PLAIN = /^[\w.@:/[\]-]+$/;

/**
 * The login keychain of macOS, through `security`. With `-w` and a value the secret would be an argument, and with `-w` alone it is asked
 * for on a terminal; so the line is given to its interactive mode, which reads standard input, and the secret as hexadecimal digits, which
 * need no quotes.
 */
export function macosKeychain(world: KeychainContext, program = PROGRAM): Keychain {
  const call = (args: readonly string[], input?: Secret): Promise<ToolResult> =>
    runTool({ program, args, ...world, ...(input && { input }) });
  const item = (key: string): readonly string[] => ['-s', KEYCHAIN_SERVICE, '-a', key];
  return {
    name: 'macos-keychain',
    title: "the system's keychain (security)",
    store: async (key, secret, label) => {
      const bytes = Buffer.from(secret.reveal(), 'utf8');
      // `find-generic-password -w` prints what is not plain ASCII in another form.
      if (!/^[\x20-\x7e]+$/.test(secret.reveal()))
        return { kind: 'failed', why: 'security gives back plain ASCII only' };
      if (bytes.length > LONGEST || !PLAIN.test(key)) return { kind: 'failed', why: 'it is too long for security' };
      const line = `add-generic-password -U ${item(key).join(' ')} -l "${label}" -X ${bytes.toString('hex')}\n`;
      const end = await call(['-i'], new Secret(line));
      // Its interactive mode tells little by its status: what was stored is read back by who calls this.
      return end.kind === 'ended' && end.status === 0 && end.complaint === '' ? { kind: 'done' } : failed(end);
    },
    read: async (key) => {
      const end = await call(['find-generic-password', ...item(key), '-w']);
      if (end.kind === 'ended' && end.status === 0)
        return { kind: 'found', secret: new Secret(end.output.toString('utf8').replace(/\n$/, '')) };
      return end.kind === 'ended' && end.status === NOT_FOUND ? { kind: 'absent' } : failed(end);
    },
    remove: async (key) => {
      const end = await call(['delete-generic-password', ...item(key)]);
      return end.kind === 'ended' && [0, NOT_FOUND].includes(end.status) ? { kind: 'done' } : failed(end);
    },
    removeCommand: (key) => `security delete-generic-password ${item(key).join(' ')}`,
  };
}

function failed(end: ToolResult): KeychainFailure {
  if (end.kind === 'failed') return end;
  return { kind: 'failed', why: end.complaint === '' ? `security ended with ${end.status}` : end.complaint };
}

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/base/secret.ts';
import type { Keychain } from '../../../../src/profiles/keychain/keychain.ts';
import { macosKeychain } from '../../../../src/profiles/keychain/macos.ts';
import { windowsVault } from '../../../../src/profiles/keychain/windows.ts';
import { storeInKeychain } from '../../../../src/profiles/secret-storage.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const onPosix = process.platform !== 'win32';
if (!onPosix) process.stderr.write('skipped: the fake keychain tools are POSIX scripts\n');

const KEY = 'work/018f3a1c-0000-7000-8000-000000000001@api.kuflow.com:8443';

/** Reads input as `security` does: a line in interactive mode, otherwise arguments. */
const SECURITY = `
const [action] = args;
if (action === '-i') {
  const line = stdin.toString();
  const at = /^add-generic-password -U -s (\\S+) -a (\\S+) -l "[^"]*" -X ([0-9a-f]+)\\n$/.exec(line);
  if (at === null) { console.error('not understood'); process.exit(0); }
  save(at[1] + ' ' + at[2], Buffer.from(at[3], 'hex').toString());
} else {
  const key = args[args.indexOf('-s') + 1] + ' ' + args[args.indexOf('-a') + 1];
  if (kept[key] === undefined) { console.error('could not be found'); process.exit(44); }
  if (action === 'find-generic-password' && args.at(-1) === '-w') console.log(kept[key]);
  if (action === 'delete-generic-password') save(key, undefined);
}`;

/** Reads input as the PowerShell script does. */
const POWERSHELL = `
const [action, key, secret] = stdin.toString().split('\\n').map((line) => Buffer.from(line, 'base64').toString());
if (action === 'store') save(key, secret);
else if (kept[key] === undefined) process.exit(44);
else if (action === 'read') process.stdout.write(Buffer.from(kept[key]).toString('base64'));
else save(key, undefined);`;

function fakeTool(body: string): { readonly program: string; readonly seen: () => string } {
  const at = folder();
  const [program, store, seen] = ['tool.cjs', 'kept.json', 'seen'].map((name) => join(at, name)) as [
    string,
    string,
    string,
  ];
  const script = `#!${process.execPath}
const { existsSync, readFileSync, writeFileSync, appendFileSync } = require('node:fs');
const args = process.argv.slice(2);
appendFileSync(${JSON.stringify(seen)}, JSON.stringify([args, process.env]) + '\\n');
const stdin = readFileSync(0);
const file = ${JSON.stringify(store)};
const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const save = (key, value) => writeFileSync(file, JSON.stringify({ ...kept, [key]: value }));
${body}
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  return { program, seen: () => (existsSync(seen) ? readFileSync(seen, 'utf8') : '') };
}

const context = { env: { PATH: process.env['PATH'] }, timeoutMs: 30_000 };

describe.runIf(onPosix)('the keychain of', () => {
  it.each<readonly [string, (program: string) => Keychain, string]>([
    ['security', (program) => macosKeychain(context, program), SECURITY],
    ['the credential vault', (program) => windowsVault(context, program), POWERSHELL],
  ])('%s passes the secret on standard input only, and reads it back', async (_name, open, body) => {
    const { program, seen } = fakeTool(body);
    const keychain = open(program);
    const secret = `canary "quoted" 'too' \\ $x`;
    expect(await keychain.read(KEY)).toEqual({ kind: 'absent' });
    expect(await storeInKeychain(keychain, KEY, new Secret(secret), 'KuFlow, profile work')).toEqual({ kind: 'done' });
    const read = await keychain.read(KEY);
    expect(read.kind === 'found' && read.secret.reveal()).toBe(secret);
    expect(await keychain.remove(KEY)).toEqual({ kind: 'done' });
    expect(await keychain.remove(KEY)).toEqual({ kind: 'done' });
    expect(await keychain.read(KEY)).toEqual({ kind: 'absent' });
    expect(seen().split('\n').length).toBeGreaterThan(6);
    for (const form of ['utf8', 'hex', 'base64'] as const)
      expect(seen()).not.toContain(Buffer.from('canary').toString(form).replace(/=+$/, ''));
  });

  it('security is not called for a secret that it would not return unchanged', async () => {
    const { program, seen } = fakeTool(SECURITY);
    for (const secret of ['é', 'x'.repeat(2_000)]) {
      const kept = await storeInKeychain(macosKeychain(context, program), KEY, new Secret(secret), 'l');
      expect(kept).toMatchObject({ kind: 'failed' });
    }
    expect(seen()).toBe('');
  });
});

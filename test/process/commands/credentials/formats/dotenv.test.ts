import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse as parseDotenv } from 'dotenv';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { KnownError } from '../../../../../src/base/errors.ts';
import type { CredentialSet } from '../../../../../src/commands/credentials/credential-set.ts';
import { formatDotenv } from '../../../../../src/commands/credentials/formats/dotenv.ts';
import { credentialEnvironment } from '../../../../../src/commands/credentials/formats/environment.ts';
import type { Formatted } from '../../../../../src/commands/credentials/formats/format.ts';
import { credentialProject, identityInFiles } from '../../../../support/credential-project.ts';
import { canariesOf, credentialSet, TOKEN, withToken } from '../../../../support/credential-set.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const PATHS = { cert: '/s/client.pem', key: '/s/client.key', ca: '/s/ca.pem' };
let set: CredentialSet;

beforeAll(async () => {
  set = await credentialSet();
});

const format = (existing?: string, over: Partial<CredentialSet> = {}, paths?: typeof PATHS): Formatted =>
  formatDotenv({
    set: { ...set, ...over },
    name: '.env',
    profile: 'default',
    ...(existing !== undefined && { existing }),
    ...(paths && { paths }),
  });
/** A line that this version of Node joins with the next one. */
const JOINED = parseEnv('A= \nB=1')['B'] === undefined ? 'A= ' : 'not an assignment';
const present = (values: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** The values that each reader finds for these names. */
function readers(text: string, names: readonly string[]): Readonly<Record<string, Record<string, string>>> {
  const file = join(folder(), '.env');
  writeFileSync(file, text);
  const print = `process.stdout.write(JSON.stringify(process.env))`;
  const bare = { PATH: process.env['PATH'] ?? '' };
  const json = (output: Buffer): Record<string, string> => {
    const all = JSON.parse(output.toString()) as Record<string, string>;
    return present(Object.fromEntries(names.map((name) => [name, all[name]])));
  };
  const shell = `set -a; . "$1"; exec "$2" -e "$3"`;
  const sh = (program: string, ...options: string[]): Buffer =>
    execFileSync(program, [...options, '-c', shell, 'sh', file, process.execPath, print], { env: bare });
  return {
    node: json(execFileSync(process.execPath, [`--env-file=${file}`, '-e', print], { env: bare })),
    dotenv: { ...parseDotenv(text) },
    sh: json(sh('sh')),
    // With a socket as input, bash believes that it was started remotely and reads the user's own configuration.
    bash: json(sh('bash', '--norc')),
  };
}

describe('an environment file', () => {
  it('gives Node, dotenv and shells the same values, with PEM byte for byte', () => {
    for (const whole of [set, withToken({ ...set, serverName: 'engine.test', namespace: '5 $ # "no"' })]) {
      const values = present(credentialEnvironment(whole));
      const { text } = format(undefined, whole);
      for (const [reader, read] of Object.entries(readers(text.reveal(), Object.keys(values))))
        expect(read, reader).toEqual(values);
      expect(values['TEMPORAL_MUTUALTLS_KEYDATA']).toBe(set.privateKey.reveal());
    }
    const windows = {
      cert: String.raw`C:\new\tls\client.pem`,
      key: String.raw`C:\My files\client.key`,
      ca: String.raw`\\server\tls\ca.pem`,
    };
    for (const paths of [PATHS, windows]) {
      const values = present(credentialEnvironment(set, paths));
      for (const read of Object.values(readers(format(undefined, {}, paths).text.reveal(), Object.keys(values))))
        expect(read).toEqual(values);
    }
    const values = present(credentialEnvironment(set, PATHS));
    expect(Object.keys(values)).not.toContain('TEMPORAL_TLS');
  });

  it('gives a worker its certificate, inline or from files', () => {
    const project = credentialProject(join(folder(), 'worker'));
    const read = (paths?: typeof PATHS): Record<string, string> =>
      present(parseEnv(format(undefined, {}, paths).text.reveal()));
    expect(identityInFiles(project, read())).toMatchObject({
      from: 'data',
      cert: set.certificate,
      ca: set.authorities,
    });
    const paths = { cert: join(project, 'c'), key: join(project, 'k'), ca: join(project, 'a') };
    writeFileSync(paths.cert, set.certificate);
    writeFileSync(paths.key, set.privateKey.reveal());
    writeFileSync(paths.ca, set.authorities);
    expect(identityInFiles(project, read(paths))).toMatchObject({
      from: 'files',
      namespace: set.namespace,
      cert: set.certificate,
    });
  });

  it.each(['a b', 'a#b', '#a', "it's", 'costs $5', 'a "b"', 'back`tick', 'x=y', 'ünï', 'a!b', 'a\\nb'])(
    'gives every reader the namespace %s',
    (namespace) => {
      const text = format(undefined, { namespace }).text.reveal();
      const file = join(folder(), '.env');
      writeFileSync(file, text);
      const sh = execFileSync('sh', ['-c', '. "$1"; printf %s "$TEMPORAL_NAMESPACE"', 'sh', file], { env: {} });
      const read = [parseEnv(text)['TEMPORAL_NAMESPACE'], parseDotenv(text)['TEMPORAL_NAMESPACE'], sh.toString()];
      expect(read).toEqual([namespace, namespace, namespace]);
    },
  );

  it.each([`a'b"c`, 'a\\', "$'", 'a\rb'])('rejects a value that cannot be quoted for every reader: %j', (namespace) => {
    expect(() => format(undefined, { namespace })).toThrow(KnownError);
    expect(() => format(undefined, { namespace })).toThrow('TEMPORAL_NAMESPACE');
  });

  it('is edited in place: values change, conflicting variables are removed, everything else stays', () => {
    const before = [
      '# mine',
      'export TEMPORAL_NAMESPACE="old"   # why',
      "OTHER='multi",
      "TEMPORAL_TARGET=not a key'",
      'TEMPORAL_MUTUALTLS_CERT=/old/client.pem',
      '',
      'TEMPORAL_TARGET = old:1',
      'LAST="x"',
    ].join('\n');
    const { text, changes } = format(before, {}, undefined);
    const after = text.reveal();
    expect(after.split('\n').slice(0, 7)).toEqual([
      '# mine',
      'export TEMPORAL_NAMESPACE=loans.prod   # why',
      "OTHER='multi",
      "TEMPORAL_TARGET=not a key'",
      '',
      'TEMPORAL_TARGET = engine.kuflow.com:443',
      'LAST="x"',
    ]);
    expect(after.endsWith('\n')).toBe(false);
    expect(changes).toContainEqual({ kind: 'removed', key: 'TEMPORAL_MUTUALTLS_CERT' });
    expect(changes).toContainEqual({ kind: 'changed', key: 'TEMPORAL_NAMESPACE' });
    expect(changes).toContainEqual({ kind: 'added', key: 'TEMPORAL_MUTUALTLS_KEYDATA' });
    const again = format(after);
    expect(again.text.reveal()).toBe(after);
    expect(again.changes).toEqual([]);
  });

  it('keeps only the last assignment of each credential variable, and all assignments of others', () => {
    const before = 'A=1\nTEMPORAL_MUTUALTLS_KEYDATA="old\nkey"\nA=2\nTEMPORAL_MUTUALTLS_KEYDATA=older\n';
    const after = format(before).text.reveal();
    expect(after.startsWith('A=1\nA=2\nTEMPORAL_MUTUALTLS_KEYDATA="-----BEGIN PRIVATE KEY-----\n')).toBe(true);
    expect(after.match(/^TEMPORAL_MUTUALTLS_KEYDATA/gm)).toHaveLength(1);
  });

  it('keeps Windows line endings and a byte order mark', () => {
    const after = format('\ufeffA=1\r\n').text.reveal();
    expect(after.startsWith('\ufeffA=1\r\nTEMPORAL_TARGET=')).toBe(true);
    expect(after).not.toMatch(/[^\r]\n/);
    expect(parseDotenv(after)).toMatchObject({ TEMPORAL_MUTUALTLS_KEYDATA: set.privateKey.reveal() });
    expect(format(after).text.reveal()).toBe(after);
  });

  it('keeps an existing token without --with-token, and warns about that, TEMPORAL_TLS and old names', () => {
    const before = 'TEMPORAL_API_KEY=theirs\nTEMPORAL_TLS=true\nTEMPORAL_TLS_KEY=/k\n';
    const { text, notes } = format(before);
    expect(text.reveal().startsWith(before)).toBe(true);
    expect(notes).toEqual([
      expect.stringContaining('.env sets TEMPORAL_TLS,'),
      expect.stringContaining('.env sets TEMPORAL_TLS_KEY, which the Temporal CLI uses instead'),
      expect.stringContaining('--with-token'),
    ]);
    const renewed = format(before, withToken(set));
    expect(renewed.text.reveal()).toContain(`TEMPORAL_API_KEY=${TOKEN}\n`);
    expect(renewed.changes).toContainEqual({ kind: 'changed', key: 'TEMPORAL_API_KEY' });
  });

  it('is rejected for a missing closing quote, without quoting its text', () => {
    for (const before of ['A="canary\n', "A='canary", 'A=`canary\nB=1\n']) {
      expect(() => format(before), before).toThrow('the value in line 1 has no closing quote');
      expect(() => format(before), before).not.toThrow(/canary/);
    }
  });

  it('gets its variables before lines that Node would join with them, and is rejected if one is after such a line', () => {
    expect(format('A=1\n  \n').text.reveal()).toMatch(/^A=1\nTEMPORAL_TARGET=[^]*\n {2}\n$/);
    expect(format('A=1\nB= \nC =\t\n').text.reveal()).toMatch(/^A=1\nTEMPORAL_TARGET=[^]*\nB= \nC =\t\n$/);
    expect(format('   # far\nA= ').text.reveal()).toMatch(/^ {3}# far\nTEMPORAL_TARGET=[^]*\nA= $/);
    const before = `${JOINED}\nTEMPORAL_TARGET=x\n`;
    expect(() => format(before)).toThrow('Node would not read TEMPORAL_TARGET');
  });

  it('contains secrets only in its text', () => {
    const whole = withToken(set);
    const { changes, notes } = format('TEMPORAL_MUTUALTLS_KEYDATA=x\n', whole);
    for (const canary of canariesOf(whole)) expect(JSON.stringify([changes, notes])).not.toContain(canary);
    expect(JSON.stringify(format(undefined, whole))).not.toContain('PRIVATE');
  });

  it('keeps every byte outside its own variables', () => {
    const foreign = fc.oneof(
      fc.constantFrom('', '# a comment', '   # far', '#TEMPORAL_TARGET=x', 'not an assignment', '  '),
      fc
        .tuple(
          fc.constantFrom('A', 'B_2', 'export C', ' D'),
          fc.constantFrom('=', ' = ', '= '),
          fc.constantFrom('1', '"x y"  # c', "'q # q'", '"two\nlines"', "'TEMPORAL_TARGET=no\n'", '', 'a b # c', '`t`'),
        )
        .map((parts) => parts.join('')),
    );
    const ours = fc.constantFrom(
      'TEMPORAL_TARGET=old',
      'export TEMPORAL_NAMESPACE="o l d"',
      'TEMPORAL_MUTUALTLS_CADATA="a\nb"',
      "TEMPORAL_MUTUALTLS_KEY='/k'",
    );
    const file = fc.tuple(
      fc.array(fc.oneof({ weight: 4, arbitrary: foreign }, { weight: 1, arbitrary: ours }), { maxLength: 8 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.boolean(),
    );
    let refused = 0;
    fc.assert(
      fc.property(file, ([items, lineEnd, mark, ended]) => {
        const before = (mark ? '\ufeff' : '') + (items.join('\n') + (ended ? '\n' : '')).replaceAll('\n', lineEnd);
        let after: string;
        try {
          after = format(before).text.reveal();
        } catch (error) {
          // Node cannot read a variable after such a line, whoever wrote it.
          expect(error).toMatchObject({ message: expect.stringContaining('Node would not read') as string });
          expect(before).toMatch(/(?:^|\n)\ufeff?(?:(?:not| )[^\n]*|[^\n]*= \r?)\n[^]*TEMPORAL_/);
          refused += 1;
          return;
        }
        const names = Object.keys(credentialEnvironment(set));
        expect(without(after, names), JSON.stringify(before)).toBe(without(before, names));
        expect(parseDotenv(after)).toMatchObject(present(credentialEnvironment(set)));
        expect(parseEnv(after.replace('\ufeff', ''))).toMatchObject(present(credentialEnvironment(set)));
        expect(format(after).text.reveal()).toBe(after);
      }),
      { numRuns: 400 },
    );
    expect(refused).toBeLessThan(150);
  });
});

/** The text without the assignments of these names and without trailing line breaks; removes them differently from the code under test. */
function without(text: string, names: readonly string[]): string {
  const own = new RegExp(String.raw`^(?:export )?(?:${names.join('|')})=(?:"[^"]*"|'[^']*'|[^\r\n]*)(?:\r?\n|$)`, 'gm');
  return text
    .replace(/('TEMPORAL_TARGET=no)/g, "'HIDDEN")
    .replace(/^(\ufeff?)/, '$1\n')
    .replace(own, '')
    .trimEnd();
}

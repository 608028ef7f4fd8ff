import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CredentialSet } from '../../../../../src/commands/credentials/credential-set.ts';
import type { Formatted } from '../../../../../src/commands/credentials/formats/format.ts';
import { formatTemporalToml } from '../../../../../src/commands/credentials/formats/temporal-toml.ts';
import { canariesOf, credentialSet, TOKEN, withToken } from '../../../../support/credential-set.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';

const folder = temporaryFolders();
const PATHS = { cert: '/s/client.pem', key: '/s/client.key', ca: '/s/ca.pem' };
const TLS = { client_cert_path: '/s/client.pem', client_key_path: '/s/client.key', server_ca_cert_path: '/s/ca.pem' };
let set: CredentialSet;

beforeAll(async () => {
  set = await credentialSet();
});

const format = (existing?: string, over: Partial<CredentialSet> = {}, profile = 'default', paths = PATHS): Formatted =>
  formatTemporalToml({
    set: { ...set, ...over },
    name: 'temporal.toml',
    profile,
    paths,
    ...(existing !== undefined && { existing }),
  });
const profileOf = (text: string, name = 'default'): unknown =>
  (parse(text.replace('\ufeff', '')) as { profile: Record<string, unknown> }).profile[name];
const said = (): object => ({ address: set.target, namespace: set.namespace, tls: TLS });

interface ReadTls {
  readonly clientCertPair: { readonly crt: Uint8Array; readonly key: Uint8Array };
  readonly serverRootCACertificate: Uint8Array;
}

describe('a profile in a Temporal configuration file', () => {
  it('is read by the Temporal library, with the content of the files that it names', () => {
    const dir = folder();
    const paths = { cert: join(dir, 'c.pem'), key: join(dir, 'k.pem'), ca: join(dir, 'ca.pem') };
    writeFileSync(paths.cert, set.certificate);
    writeFileSync(paths.key, set.privateKey.reveal());
    writeFileSync(paths.ca, set.authorities);
    for (const profile of ['default', 'loans prod']) {
      const file = join(dir, 'temporal.toml');
      const text = format(undefined, { ...withToken(set), serverName: 'engine.test' }, profile, paths).text.reveal();
      writeFileSync(file, text);
      const config: unknown = loadClientConnectConfig({
        profile,
        configSource: { path: file },
        disableEnv: true,
        configFileStrict: true,
      });
      expect(config).toMatchObject({
        namespace: set.namespace,
        connectionOptions: { address: set.target, apiKey: TOKEN, tls: { serverNameOverride: 'engine.test' } },
      });
      const { tls } = (config as { readonly connectionOptions: { readonly tls: ReadTls } }).connectionOptions;
      const parts = [tls.clientCertPair.crt, tls.clientCertPair.key, tls.serverRootCACertificate];
      const read = parts.map((part) => Buffer.from(part).toString());
      expect(read).toEqual([set.certificate, set.privateKey.reveal(), set.authorities]);
      expect(text).not.toContain('BEGIN');
    }
  });

  it.each([
    [
      'tables with headers',
      '# c\n[profile.default]\naddress = "old:1" # a\n\n# t\n[profile.default.tls] # tls\n  client_cert_path = \'/old\'\n# end\n[profile.other]\naddress = "x"\n',
      '# c\n[profile.default]\naddress = "engine.kuflow.com:443" # a\nnamespace = "loans.prod"\n\n# t\n[profile.default.tls] # tls\n  client_cert_path = "/s/client.pem"\n  server_ca_cert_path = "/s/ca.pem"\n  client_key_path = "/s/client.key"\n# end\n[profile.other]\naddress = "x"\n',
    ],
    [
      'dotted keys',
      'profile.default.address = "old"\nprofile.default.tls.server_name = "x"\nz = 1\n',
      'profile.default.address = "engine.kuflow.com:443"\nprofile.default.namespace = "loans.prod"\nprofile.default.tls.server_ca_cert_path = "/s/ca.pem"\nprofile.default.tls.client_cert_path = "/s/client.pem"\nprofile.default.tls.client_key_path = "/s/client.key"\nz = 1\n',
    ],
    [
      'dotted keys in a table',
      '[profile.default]\ntls.client_cert_data = """\nPEM\n"""\ntls.client_key_path = "/old"',
      '[profile.default]\ntls.client_key_path = "/s/client.key"\naddress = "engine.kuflow.com:443"\nnamespace = "loans.prod"\ntls.server_ca_cert_path = "/s/ca.pem"\ntls.client_cert_path = "/s/client.pem"',
    ],
    [
      'inline tables',
      '[profile]\ndefault = { address = "old", tls = {client_cert_data = "x"} } # i\nother = {}\n',
      '[profile]\ndefault = { address = "engine.kuflow.com:443", tls = {server_ca_cert_path = "/s/ca.pem", client_cert_path = "/s/client.pem", client_key_path = "/s/client.key"}, namespace = "loans.prod" } # i\nother = {}\n',
    ],
    [
      'a profile without TLS before another profile',
      '[profile.default]\r\naddress = "a"\r\n[profile.z]\r\nb = 1\r\n',
      '[profile.default]\r\naddress = "engine.kuflow.com:443"\r\nnamespace = "loans.prod"\r\n\r\n[profile.default.tls]\r\nserver_ca_cert_path = "/s/ca.pem"\r\nclient_cert_path = "/s/client.pem"\r\nclient_key_path = "/s/client.key"\r\n\r\n[profile.z]\r\nb = 1\r\n',
    ],
    [
      'only a comment, without a line break',
      '# mine',
      '# mine\n\n[profile.default]\naddress = "engine.kuflow.com:443"\nnamespace = "loans.prod"\n\n[profile.default.tls]\nserver_ca_cert_path = "/s/ca.pem"\nclient_cert_path = "/s/client.pem"\nclient_key_path = "/s/client.key"',
    ],
  ])('is edited in %s', (_name, before, after) => {
    const { text } = format(before);
    expect(profileOf(text.reveal())).toEqual(said());
    expect(text.reveal().split(/\n/).sort()).toEqual(after.split(/\n/).sort());
    const again = format(text.reveal());
    expect(again.text.reveal()).toBe(text.reveal());
    expect(again.changes).toEqual([]);
  });

  it('lists its changes, and keeps an existing token without --with-token', () => {
    const before =
      '\ufeff[profile.default]\napi_key = "theirs"\nnamespace = "x"\ntls = { client_key_data = "y", disabled = true }\ngrpc_meta = { authorization = "z" }\n';
    const { changes, notes, text } = format(before);
    expect(text.reveal().startsWith('\ufeff[profile.default]\napi_key = "theirs"\nnamespace = "loans.prod"\n')).toBe(
      true,
    );
    expect(changes.map(({ kind, key }) => `${kind} ${key.replace('profile.default.', '')}`)).toEqual([
      'added address',
      'changed namespace',
      'added tls.server_ca_cert_path',
      'added tls.client_cert_path',
      'added tls.client_key_path',
      'removed tls.client_key_data',
    ]);
    expect(notes).toEqual([expect.stringContaining('tls.disabled'), expect.stringContaining('--with-token')]);
    const renewed = format(before, withToken(set));
    expect(renewed.notes).toEqual([expect.stringContaining('tls.disabled'), expect.stringContaining('authorization')]);
    expect(profileOf(renewed.text.reveal())).toMatchObject({ api_key: TOKEN });
    for (const canary of canariesOf(withToken(set))) expect(JSON.stringify(renewed)).not.toContain(canary);
  });

  it('supports Windows paths and unusual names', () => {
    const text = format(undefined, { namespace: `a"b\\c'\u007f` }, 'it\'s "x"', {
      ...PATHS,
      key: '/s/C:\\keys\\client.key',
    }).text.reveal();
    expect(profileOf(text, 'it\'s "x"')).toMatchObject({
      namespace: `a"b\\c'\u007f`,
      tls: { client_key_path: '/s/C:\\keys\\client.key' },
    });
    expect(text).toContain(`'/s/C:\\keys\\client.key'`);
  });

  it('is rejected if it cannot be edited, without quoting its text, and for relative paths', () => {
    for (const before of [
      'a = canary',
      'a = "canary\n',
      '[profile.default]\ntls = true # canary\n',
      '[[profile]]\na = "canary"\n',
      '[profile.default]\naddress = "canary"\naddress = "b"\n',
      '[profile.default]\naddress = ["canary"]\n',
    ]) {
      expect(() => format(before), before).toThrow('temporal.toml');
      expect(() => format(before), before).not.toThrow(/canary/);
    }
    expect(() => format('[a]\nb = 1\nb = 2\n')).toThrow('twice, line 3');
    for (const date of ['2024-02-30', '2024-13-01'])
      expect(() => format(`[a]\nb = ${date}\n`), date).toThrow(
        /^temporal\.toml can't be used: it is not valid TOML.*, line 2$/,
      );
    expect(() => format(undefined, {}, 'default', { ...PATHS, key: 'client.key' })).toThrow('absolute');
    expect(() => format(undefined, {}, '')).toThrow('empty');
  });

  it('keeps every line outside its own keys', () => {
    const foreign = fc.constantFrom(
      '',
      '# c',
      '  # far',
      'codec.endpoint = "x"  # e',
      'n = 0x1F',
      'list = [ 1, # one\n  2 ]',
      's = """\naddress = "no"\n"""',
      "t = 'tls'",
      'd = 1979-05-27T07:32:00Z',
    );
    const ours = fc.constantFrom('address = "old"', 'namespace="x" # n', 'api_key = "k"');
    const tls = fc.constantFrom(
      'client_cert_path = "old"',
      '  server_name = "s"',
      'client_key_data = """\nx\n"""',
      'disabled = false',
    );
    const body = (own: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> =>
      fc.array(fc.oneof(foreign, own), { maxLength: 4 }).map(unique);
    const file = fc.record({
      head: fc.constantFrom('', '# top\n', 'top = 1\n\n'),
      own: body(ours),
      tls: fc.option(body(tls), { nil: undefined }),
      other: fc.option(body(ours), { nil: undefined }),
      swap: fc.boolean(),
      lineEnd: fc.constantFrom('\n', '\r\n'),
      ended: fc.boolean(),
    });
    fc.assert(
      fc.property(file, ({ head, own, tls: inner, other, swap, lineEnd, ended }) => {
        const parts = [
          ['[profile.default]', ...own],
          ...(inner === undefined ? [] : [['[profile.default.tls] # t', ...inner]]),
          ...(other === undefined ? [] : [['[profile.other]', ...other]]),
        ];
        const lines = (swap ? [...parts].reverse() : parts).map((part) => `${part.join('\n')}\n`).join('');
        const before = (head + (ended ? lines : lines.trimEnd())).replaceAll('\n', lineEnd);
        const after = format(before).text.reveal();
        expect(profileOf(after)).toMatchObject(said());
        // All other lines are the same, in the same order.
        const old = before.split('\n').map((line) => line.trimEnd());
        const now = after.split('\n').map((line) => line.trimEnd());
        const isOurs = (line: string): boolean =>
          /^\s*(?:(?:address|namespace) ?=|(?:client|server)_\w+ = )|^x$|^"""$|^\[profile.default.tls\]$|^$/.test(line);
        expect(
          now.filter((line) => !isOurs(line)),
          before,
        ).toEqual(old.filter((line) => !isOurs(line)));
        expect(format(after).text.reveal()).toBe(after);
        // A single line without a line break does not show which kind the file uses.
        if (before.includes('\r\n')) expect(after).not.toMatch(/[^\r]\n/);
      }),
      { numRuns: 120 },
    );
  });
});

function unique(lines: readonly string[]): readonly string[] {
  const names = new Set<string>();
  return lines.filter((line) => {
    const name = /^\s*([\w.]+)\s*=/.exec(line)?.[1];
    return name === undefined || (!names.has(name) && names.add(name));
  });
}

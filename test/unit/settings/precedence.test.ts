import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KnownError } from '../../../src/base/errors.ts';
import { Secret } from '../../../src/base/secret.ts';
import { SETTING_KEYS } from '../../../src/settings/keys.ts';
import type { SettingName } from '../../../src/settings/keys.ts';
import { requireSettings, resolveSettings } from '../../../src/settings/precedence.ts';
import type { ProfileSource, SettingFlags, SettingsRequest } from '../../../src/settings/precedence.ts';
import { formatSource } from '../../../src/settings/sources.ts';
import { makeTestAuthority } from '../../support/certificates.ts';

interface Case {
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Partial<Record<SettingName, string>>>;
  readonly profiles?: readonly ProfileSource[];
  readonly expect: {
    readonly values?: Readonly<Partial<Record<SettingName, unknown>>>;
    readonly sources?: Readonly<Partial<Record<SettingName, string>>>;
    readonly problems: readonly { readonly key: string; readonly code: string }[];
  };
}

const table = JSON.parse(await readFile(new URL('../../support/settings-cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'settings-'));
});
afterAll(() => rm(root, { recursive: true }));

const PEM: Readonly<Record<string, string>> = {
  cert: '-----BEGIN CERTIFICATE-----\ncert\n-----END CERTIFICATE-----\n',
  key: '-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----\n',
  ca: (await makeTestAuthority()).cert,
};

function filled(text: string, dir: string): string {
  return text
    .replaceAll('{dir}', dir)
    .replace(/\{(cert|key|ca)(?::(escaped|crlf))?\}/g, (_all, part: string, form: string | undefined) => {
      const pem = PEM[part] ?? '';
      if (form === 'escaped') return pem.replaceAll('\n', '\\n');
      return form === 'crlf' ? pem.replaceAll('\n', '\r\n') : pem;
    });
}

function filledAll(texts: Readonly<Record<string, string>> | undefined, dir: string): Record<string, string> {
  return Object.fromEntries(Object.entries(texts ?? {}).map(([name, text]) => [name, filled(text, dir)]));
}

let count = 0;
async function folder(files: Readonly<Record<string, string>> | undefined): Promise<string> {
  const dir = join(root, String(count++));
  await mkdir(dir);
  for (const [name, text] of Object.entries(filledAll(files, dir)))
    await writeFile(join(dir, name), text, { mode: 0o600 });
  return dir;
}

async function question(
  one: Pick<Case, 'files' | 'env' | 'flags' | 'profiles'>,
): Promise<SettingsRequest & { readonly cwd: string }> {
  const dir = await folder(one.files);
  const flags: SettingFlags = Object.fromEntries(
    Object.entries(one.flags ?? {}).map(([name, value]) => [name, { value, option: `--${name}` }]),
  );
  return { env: filledAll(one.env, dir), flags, files: { dir }, cwd: dir, profiles: one.profiles ?? [] };
}

describe('the shared table of cases', () => {
  it.each(table.cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const asked = await question(one);
    const result = await resolveSettings(asked);
    const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);
    const found = result.problems.map(({ key, code }) => ({ key, code }));
    expect(found.sort(byKey), inspect(result.problems)).toEqual([...one.expect.problems].sort(byKey));
    if (one.expect.problems.length > 0) return;
    for (const [key, value] of Object.entries(one.expect.values ?? {})) {
      const setting = result.settings[key as SettingName];
      const plain: unknown = setting?.value instanceof Secret ? setting.value.reveal() : setting?.value;
      expect(plain ?? null, key).toEqual(typeof value === 'string' ? filled(value, asked.cwd) : value);
    }
    for (const [key, source] of Object.entries(one.expect.sources ?? {})) {
      const given = result.settings[key as SettingName]?.source;
      expect(given, key).toBeDefined();
      if (given === undefined) continue;
      expect(given.kind === 'flag' ? 'flag' : formatSource(given).replace(/:\d+$/, ''), key).toBe(source);
    }
  });

  it('has at least 30 cases, which cover every key and code', () => {
    expect(table.cases.length).toBeGreaterThanOrEqual(30);
    const text = JSON.stringify(table.cases);
    for (const { name, env } of SETTING_KEYS) expect(text.includes(name) || text.includes(env), name).toBe(true);
    for (const code of [
      'missing',
      'placeholder',
      'invalid',
      'unreadable',
      'mixed-credentials',
      'conflict',
      'endpoint-mismatch',
    ]) {
      expect(text).toContain(`"code":"${code}"`);
    }
  });
});

const ID = '018f3a1c-0000-7000-8000-000000000001';
const FILE = `kuflow:\n  api:\n    client-id: ${ID}\n    client-secret: canary-1\ntemporal:\n  kuflow-queue: A\n`;

describe('resolveSettings', () => {
  it('reports the source of a value, with its line, and what it shadows', async () => {
    const asked = await question({
      files: { 'application-local.yaml': FILE, 'application.yaml': 'temporal:\n\n  kuflow-queue: B\n' },
      env: { TEMPORAL_KUFLOWQUEUE: 'C', KUFLOW_API_CLIENTID: ID, KUFLOW_API_CLIENTSECRET: 'canary-2' },
    });
    const { settings } = await resolveSettings(asked);
    expect(settings['temporal.kuflow-queue']).toEqual({
      value: 'C',
      source: { kind: 'environment', name: 'TEMPORAL_KUFLOWQUEUE' },
      shadows: [
        { kind: 'file', name: 'temporal.kuflow-queue', file: join(asked.cwd, 'application-local.yaml'), line: 6 },
        { kind: 'file', name: 'temporal.kuflow-queue', file: join(asked.cwd, 'application.yaml'), line: 3 },
      ],
    });
    expect(settings['kuflow.api.client-secret']?.shadows.map(formatSource)).toEqual(['application-local.yaml:4']);
  });

  it('names both endpoints if they do not match', async () => {
    const asked = await question({
      files: { 'application.yaml': 'kuflow:\n  api:\n    endpoint: https://staging.example.com\n' },
      env: { KUFLOW_API_CLIENTID: ID, KUFLOW_API_CLIENTSECRET: 's', TEMPORAL_KUFLOWQUEUE: 'Q' },
    });
    const { problems } = await resolveSettings(asked);
    expect(problems[0]?.problem).toContain('https://api.kuflow.com/v2024-06-14');
    expect(problems[0]?.problem).toContain('https://staging.example.com/v2024-06-14');
    expect(problems[0]?.source).toMatchObject({ line: 3 });
  });

  it('never includes a secret in a problem', async () => {
    for (const local of [
      FILE,
      FILE.replace('canary-1', '"canary-1'),
      FILE.replace('canary-1', '@canary-1: x: y'),
      FILE.replace(ID, 'canary-3'),
    ]) {
      const asked = await question({
        files: { 'application-local.yaml': local },
        env: {
          TEMPORAL_MUTUALTLS_KEYDATA: 'canary-4',
          TEMPORAL_PROXY: 'ftp://user:canary-5@proxy',
          KUFLOW_API_TENANTID: 'canary-6',
          KUFLOW_API_CLIENTSECRET: 'canary-7\u0007',
        },
      });
      const result = await resolveSettings(asked);
      expect(result.problems.length).toBeGreaterThan(2);
      expect(`${JSON.stringify(result)}${inspect(result, { depth: 9 })}`).not.toContain('canary');
      expect(() => requireSettings(result)).toThrow(KnownError);
      expect(() => requireSettings(result)).not.toThrow(/canary/);
    }
  });

  it('says that a variable is blank', async () => {
    const problemsOf = async (env: Readonly<Record<string, string>>): Promise<readonly string[]> =>
      (await resolveSettings({ env, required: ['kuflow.api.client-id', 'kuflow.api.client-secret'] })).problems.map(
        ({ code, problem }) => `${code}: ${problem.split(/[;.] /)[0] ?? ''}`,
      );
    expect(await problemsOf({ KUFLOW_API_CLIENTID: '', KUFLOW_API_CLIENTSECRET: ' ' })).toEqual([
      'missing: KUFLOW_API_CLIENTID is blank',
      'missing: KUFLOW_API_CLIENTSECRET is blank',
    ]);
    expect(await problemsOf({ KUFLOW_API_CLIENTID: '', KUFLOW_API_CLIENTSECRET: 'x' })).toEqual([
      'missing: KUFLOW_API_CLIENTID is blank',
    ]);
    expect((await problemsOf({})).join()).not.toContain('blank');
  });

  it('requires only what a command needs, and fails with status 2 for missing and for invalid settings', async () => {
    const asked = await question({});
    expect((await resolveSettings({ ...asked, required: [] })).problems).toEqual([]);
    const status = async (env: Readonly<Record<string, string>>): Promise<number> => {
      const result = await resolveSettings({ ...asked, env });
      try {
        requireSettings(result);
      } catch (error) {
        return (error as KnownError).status;
      }
      return 0;
    };
    expect(await status({})).toBe(2);
    expect(await status({ WORKER_HEALTHPORT: 'x' })).toBe(2);
  });

  it('treats a profile as one source, with its endpoint', async () => {
    const values = {
      'kuflow.api.client-id': ID,
      'kuflow.api.client-secret': new Secret('profile'),
      'kuflow.api.endpoint': 'https://p.example.com',
    } as const;
    const asked = await question({ env: { TEMPORAL_KUFLOWQUEUE: 'Q' } });
    const used = await resolveSettings({ ...asked, profiles: [{ chosenBy: 'default', name: 'default', values }] });
    expect(used.problems).toEqual([]);
    expect(used.settings['kuflow.api.endpoint']?.value).toBe('https://p.example.com/v2024-06-14');
    expect(used.settings['kuflow.api.client-secret']?.value.reveal()).toBe('profile');

    const withFiles = await question({ files: { 'application-local.yaml': FILE } });
    const unused = await resolveSettings({
      ...withFiles,
      profiles: [{ chosenBy: 'default', name: 'default', values }],
    });
    expect(unused.settings['kuflow.api.endpoint']?.value).toBe('https://api.kuflow.com/v2024-06-14');
    expect(unused.settings['kuflow.api.client-secret']?.value.reveal()).toBe('canary-1');
    const chosen = await resolveSettings({ ...withFiles, profiles: [{ chosenBy: 'environment', name: 'p', values }] });
    expect(chosen.settings['kuflow.api.client-secret']?.value.reveal()).toBe('profile');
  });

  it('warns of misspelled keys, readable files and secrets that git tracks', async () => {
    const asked = await question({
      files: {
        'application-local.yaml': FILE,
        'application.yaml': 'kuflow:\n  api:\n    clientSecret: x\n    client-secret: y\nown:\n  thing: 1\n',
      },
    });
    if (process.platform !== 'win32') await chmod(join(asked.cwd, 'application-local.yaml'), 0o644);
    const { warnings, problems } = await resolveSettings(asked);
    expect(problems).toEqual([]);
    expect(warnings.map(({ code, source }) => [code, formatSource(source)])).toEqual([
      ...(process.platform === 'win32' ? [] : [['readable-by-others', 'application-local.yaml:4']]),
      ['unknown-key', 'application.yaml:3'],
      ['secret-in-tracked-file', 'application.yaml:4'],
    ]);
  });
});

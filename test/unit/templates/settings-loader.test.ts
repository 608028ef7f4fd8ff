import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proxyFor } from '../../../libraries/typescript/src/internal/proxy.ts';
import { loadSettings, SettingsError, type Settings } from '../../../libraries/typescript/src/internal/settings.ts';
import { makeTestAuthority } from '../../support/certificates.ts';
import type { TestAuthority, TestPair } from '../../support/certificates.ts';
import { prepareSettingsCase, workerSettingsCases, type SettingsCase } from '../../support/settings-cases.ts';

const cases = workerSettingsCases();

const ENV = {
  KUFLOW_API_CLIENTID: '018f3a1c-0000-7000-8000-000000000001',
  KUFLOW_API_CLIENTSECRET: 'the-secret',
  TEMPORAL_KUFLOWQUEUE: 'Q',
};

let root = '';
let count = 0;
let authority: TestAuthority;
let client: TestPair;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'template-settings-'));
  authority = await makeTestAuthority();
  client = await authority.issue({ commonName: 'client' });
});
afterAll(() => rm(root, { recursive: true }));

async function loaded(one: Pick<SettingsCase, 'files' | 'env'>) {
  const { directory, env, filled } = await prepareSettingsCase(one, join(root, String(count++)), authority, client);
  try {
    return { settings: loadSettings(directory, env), problems: [], filled, error: '' };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { settings: undefined, problems: error.problems, filled, error: inspect(error) };
  }
}

/** The worker's setting for a key in the table. */
function valueOf({ api, temporal, worker }: Settings, key: string): unknown {
  const data = temporal.mutualTls?.from === 'data' ? temporal.mutualTls : undefined;
  const values: Readonly<Record<string, unknown>> = {
    'kuflow.api.endpoint': api.endpoint,
    'kuflow.api.client-id': api.clientId,
    'kuflow.api.client-secret': api.clientSecret.reveal(),
    'kuflow.api.tenant-id': api.tenantId,
    'temporal.target': temporal.target,
    'temporal.namespace': temporal.namespace,
    'temporal.kuflow-queue': temporal.queue,
    'temporal.mutual-tls.cert-data': data?.cert,
    'temporal.mutual-tls.key-data': data?.key.reveal(),
    'temporal.mutual-tls.ca-data': data?.ca,
    'temporal.mutual-tls.server-name': temporal.serverName,
    'temporal.proxy': temporal.proxy?.reveal(),
    'worker.installation-id': worker.installationId,
    'worker.robot-ids': worker.robotIds,
    'worker.health-port': worker.healthPort,
    'worker.metrics-port': worker.metricsPort,
    'worker.max-concurrent-workflow-tasks': worker.maxConcurrentWorkflowTasks,
    'worker.max-concurrent-activities': worker.maxConcurrentActivities,
    'worker.log-level': worker.logLevel,
    'worker.log-format': worker.logFormat,
    'worker.attempts-before-task-log': worker.attemptsBeforeTaskLog,
    'worker.max-payload-bytes': worker.maxPayloadBytes,
  };
  if (!Object.hasOwn(values, key)) throw new Error(`the table has a key that this test doesn't know: ${key}`);
  return values[key] ?? null;
}

describe('the settings of a TypeScript worker', () => {
  it('are tested by at least 30 cases of the shared table', () => {
    expect(cases.length).toBeGreaterThanOrEqual(30);
  });

  it.each(cases.map((one) => [one.name, one] as const))(
    'follow the shared table: %s [settings.sources, settings.defaults, settings.aliases, settings.placeholders, credentials.pair, certificate.complete]',
    async (_name, one) => {
      const { settings, problems, filled, error } = await loaded(one);
      const shown = problems.map(({ key, code }) => `${key} ${code}`).sort();
      expect(shown, error).toEqual(one.expect.problems.map(({ key, code }) => `${key} ${code}`).sort());
      if (settings === undefined) return;
      for (const [key, expected] of Object.entries(one.expect.values ?? {})) {
        expect(valueOf(settings, key), key).toEqual(typeof expected === 'string' ? filled(expected) : expected);
      }
    },
  );
});

describe('mutual TLS material', () => {
  const problemsOf = async (parts: { cert?: string; key?: string; ca?: string }) => {
    const { problems } = await loaded({
      env: {
        ...ENV,
        TEMPORAL_NAMESPACE: 'ns',
        TEMPORAL_MUTUALTLS_CERTDATA: parts.cert ?? client.cert,
        TEMPORAL_MUTUALTLS_KEYDATA: parts.key ?? client.key,
        TEMPORAL_MUTUALTLS_CADATA: parts.ca ?? authority.cert,
      },
    });
    return problems.map(({ key, expected }) => `${key}: ${expected}`).join('\n');
  };

  it('is accepted with several CA certificates [certificate.authorities]', async () => {
    const other = await makeTestAuthority('Other CA');
    expect(await problemsOf({ ca: `${authority.cert}${other.cert}` })).toBe('');
  });

  it.each(['pkcs1', 'sec1'] as const)('is accepted with a key in the format %s [keys.formats]', async (type) => {
    const pair = await authority.issue({ commonName: 'worker', rsa: type === 'pkcs1' });
    const key = createPrivateKey(pair.key).export({ type, format: 'pem' } as never);
    expect(await problemsOf({ cert: pair.cert, key: key.toString() })).toBe('');
  });

  it('is rejected with the reason: an encrypted key [keys.rejected]', async () => {
    const key = createPrivateKey(client.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString();
    expect(await problemsOf({ key })).toContain('encrypted');
  });

  it('is rejected with the reason: X.509 version 1 [keys.rejected]', async () => {
    const old = await authority.issueVersion1('old');
    expect(await problemsOf({ cert: old.cert, key: old.key })).toContain('X.509 version 1');
  });

  it.each([
    ['cert', 'der', 'a DER file, not PEM; convert it: openssl x509 -inform der -in FILE -out NEW_FILE'],
    ['key', 'der', 'a DER file, not PEM; convert it: openssl pkey -inform der -in FILE -out NEW_FILE'],
    ['cert', 'pkcs12', 'a PKCS#12 file, not PEM; convert it: openssl pkcs12 -clcerts -nokeys -in FILE -out NEW_FILE'],
    ['key', 'pkcs12', 'a PKCS#12 file, not PEM; convert it: openssl pkcs12 -nocerts -nodes -in FILE -out NEW_FILE'],
    ['ca', 'pkcs12', 'a PKCS#12 file, not PEM; convert it: openssl pkcs12 -cacerts -nokeys -in FILE -out NEW_FILE'],
  ] as const)(
    'is rejected with the command that converts it: %s in a %s file [keys.conversion]',
    async (part, format, expected) => {
      const files = { cert: join(root, 'cert.pem'), key: join(root, 'key.pem'), ca: join(root, 'ca.pem') };
      await writeFile(files.cert, client.cert);
      await writeFile(files.key, client.key);
      await writeFile(files.ca, authority.cert);
      const der =
        part === 'key'
          ? createPrivateKey(client.key).export({ type: 'pkcs8', format: 'der' })
          : new X509Certificate(client.cert).raw;
      const both = join(root, 'both.pem');
      await writeFile(both, client.cert + client.key);
      const pkcs12 = execFileSync('openssl', ['pkcs12', '-export', '-in', both, '-passout', 'pass:']);
      await writeFile(files[part], format === 'der' ? der : pkcs12);
      const { problems } = await loaded({
        env: {
          ...ENV,
          TEMPORAL_NAMESPACE: 'ns',
          TEMPORAL_MUTUALTLS_CERT: files.cert,
          TEMPORAL_MUTUALTLS_KEY: files.key,
          TEMPORAL_MUTUALTLS_CA: files.ca,
        },
      });
      expect(problems).toMatchObject([
        { key: `temporal.mutual-tls.${part}`, expected: expect.stringContaining(expected) as string },
      ]);
    },
  );

  it('is rejected with the reason: the key of another certificate [keys.rejected]', async () => {
    const other = await authority.issue({ commonName: 'other' });
    expect(await problemsOf({ key: other.key })).toContain(
      'the private key that belongs to temporal.mutual-tls.cert-data',
    );
  });
});

describe('an invalid YAML file', () => {
  it('is reported with the position of its first error', async () => {
    const { problems } = await loaded({ files: { 'application-local.yaml': 'temporal:\n  target: a: b\n' }, env: ENV });
    expect(problems).toMatchObject([
      { key: 'application-local.yaml', expected: 'a readable YAML file: not valid YAML at line 2, column 11' },
    ]);
  });
});

describe('a secret', () => {
  it('is not visible in settings and in problems [settings.secrets]', async () => {
    const good = await loaded({ env: { ...ENV, TEMPORAL_PROXY: 'http://u:the-secret@proxy:1' } });
    expect(`${inspect(good.settings, { depth: 9 })}${JSON.stringify(good.settings)}`).not.toContain('the-secret');
    const bad = await loaded({
      files: { 'application-local.yaml': 'kuflow: { api: { client-secret: the-secret\n' },
      env: { ...ENV, KUFLOW_API_CLIENTID: 'x', TEMPORAL_PROXY: 'socks://the-secret@x' },
    });
    expect(bad.problems.length).toBeGreaterThan(1);
    expect(bad.error).not.toContain('the-secret');
  });

  it('keeps every digit if it consists only of digits', async () => {
    const secret = '00012345678901234567';
    const { settings } = await loaded({
      files: {
        'application-local.yaml': `kuflow:\n  api:\n    client-id: ${ENV.KUFLOW_API_CLIENTID}\n    client-secret: ${secret}\n`,
      },
      env: { TEMPORAL_KUFLOWQUEUE: 'Q' },
    });
    expect(settings?.api.clientSecret.reveal()).toBe(secret);
  });
});

describe('the proxy of a TypeScript worker', () => {
  const proxied = async (address: string, env: Readonly<Record<string, string>>): Promise<string | undefined> => {
    const { settings } = await loaded({ env: { ...ENV, ...env } });
    return settings === undefined ? 'no settings' : proxyFor(settings, address)?.host;
  };

  it.each<[string, Readonly<Record<string, string>>, string | undefined]>([
    ['engine.example.com:443', { HTTPS_PROXY: 'http://p:3128' }, 'p:3128'],
    ['https://api.example.com/v1', { TEMPORAL_PROXY: 'p:3128' }, 'p:3128'],
    ['engine.example.com:443', { HTTPS_PROXY: 'http://p:3128', NO_PROXY: '.example.com' }, undefined],
    ['engine.example.com:443', { HTTPS_PROXY: 'http://p:3128', NO_PROXY: 'engine.example.com:80, other' }, 'p:3128'],
    ['notexample.com:443', { HTTPS_PROXY: 'http://p:3128', NO_PROXY: 'example.com' }, 'p:3128'],
    ['10.1.2.3:443', { HTTPS_PROXY: 'http://p:3128', NO_PROXY: '10.0.0.0/8' }, undefined],
    ['engine.example.com:443', { TEMPORAL_PROXY: 'http://p:3128', NO_PROXY: '*' }, 'p:3128'],
    ['engine.example.com:443', { TEMPORAL_PROXY: 'none', HTTPS_PROXY: 'http://p:3128' }, undefined],
    ['127.0.0.1:443', { TEMPORAL_PROXY: 'http://p:3128' }, undefined],
    ['[::1]:443', { TEMPORAL_PROXY: 'http://p:3128' }, undefined],
    ['https://localhost:8443', { HTTPS_PROXY: 'http://p:3128' }, undefined],
  ])('for %s with %o is %s [proxy.planes, proxy.exceptions]', async (address, env, expected) => {
    expect(await proxied(address, env)).toBe(expected);
  });
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { withoutDate } from '../../../support/certificates.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { fault, type Fault, type World } from './fault.ts';

const OFFLINE = { selection: { offline: true } };
const incomplete = 'KF-SET-001 fail settings-incomplete';
const unreadable = 'KF-SET-001 fail settings-file-unreadable';
const ofTheEngine = 'KF-SET-006 fail settings-incomplete';
const certificate = (code: string): string => `KF-TLS-001 fail certificate-${code}`;

/** Another certificate in place of the client's. */
const issued =
  (leaf: Parameters<World['authority']['issue']>[0]): Fault['make'] =>
  async ({ authority, files }) => {
    const pair = await authority.issue(leaf);
    [files['tls/client.pem'], files['tls/client.key']] = [pair.cert, pair.key];
  };
const inPlaceOf =
  (name: string, make: (path: string) => void): Fault['make'] =>
  (world) => {
    world.afterwards.push(() => {
      const path = join(world.folder, name);
      rmSync(path);
      make(path);
    });
  };
const key = async (world: World, type: 'pkcs1' | 'sec1' | 'pkcs8', passphrase?: string): Promise<void> => {
  const pair = await world.authority.issue({ commonName: 'worker', rsa: type !== 'sec1' });
  world.files['tls/client.pem'] = pair.cert;
  const pem = createPrivateKey(pair.key).export({
    ...{ type, format: 'pem' },
    ...(passphrase !== undefined && { cipher: 'aes-256-cbc', passphrase }),
  } as Parameters<ReturnType<typeof createPrivateKey>['export']>[0] & { format: 'pem' });
  world.files['tls/client.key'] = pem;
};
const git = (folder: string, ...args: readonly string[]): void =>
  void execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
const envconfig =
  (version: string): Fault['make'] =>
  (world) => {
    world.env['TEMPORAL_TLS'] = 'true';
    world.afterwards.push(() => {
      const folder = join(world.folder, 'node_modules', '@temporalio', 'envconfig');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@temporalio/envconfig', version }));
    });
  };

export const settingsFaults: readonly Fault[] = [
  fault('no client id', incomplete, ({ local }) => void (local['kuflow.api.client-id'] = undefined)),
  fault('placeholder FILL_ME', incomplete, ({ local }) => void (local['kuflow.api.client-secret'] = 'FILL_ME')),
  fault('client id that is no UUID', incomplete, ({ local }) => void (local['kuflow.api.client-id'] = 'loan-worker')),
  fault(
    'target without a port',
    ofTheEngine,
    ({ settings }) => void (settings['temporal.target'] = 'engine.kuflow.test'),
  ),
  fault(
    'target that is a URL',
    ofTheEngine,
    ({ settings }) => void (settings['temporal.target'] = 'https://engine.kuflow.test'),
  ),
  fault(
    'endpoint of another scheme',
    incomplete,
    ({ settings }) => void (settings['kuflow.api.endpoint'] = 'ftp://kuflow'),
  ),
  fault('id in the environment, secret in a file', incomplete, ({ env, local }) => {
    env['KUFLOW_API_CLIENTID'] = local['kuflow.api.client-id'] ?? '';
  }),
  fault('credentials of the environment, endpoint of a file', incomplete, ({ env, local }) => {
    env['KUFLOW_API_CLIENTID'] = local['kuflow.api.client-id'] ?? '';
    env['KUFLOW_API_CLIENTSECRET'] = local['kuflow.api.client-secret'] ?? '';
  }),
  fault(
    'certificate without key',
    ofTheEngine,
    ({ settings }) => void (settings['temporal.mutual-tls.key'] = undefined),
  ),
  fault(
    'files and inline data',
    ofTheEngine,
    ({ env, client }) => void (env['TEMPORAL_MUTUALTLS_CERTDATA'] = client.cert),
  ),
  fault(
    'certificate without namespace',
    ofTheEngine,
    ({ settings }) => void (settings['temporal.namespace'] = undefined),
  ),
  fault(
    'proxy of a kind that does not exist here',
    ofTheEngine,
    ({ settings }) => void (settings['temporal.proxy'] = 'socks5://proxy:1080'),
  ),
  fault('HTTPS_PROXY of a kind that does not exist here', 'KF-SET-001 fail settings-proxy-unusable', (world) => {
    world.env['HTTPS_PROXY'] = 'socks5://proxy:1080';
    world.endpoint = () => 'https://api.kuflow.test';
    world.target = () => 'engine.kuflow.test:443';
  }),
  fault('tenant id that is no UUID', incomplete, ({ settings }) => void (settings['kuflow.api.tenant-id'] = 'mine')),
  fault('worker that is no map', 'KF-SET-002 fail worker-settings-incomplete', ({ settings }) => {
    settings['worker'] = 'robots';
  }),
  fault(
    'application.yaml that is no YAML',
    unreadable,
    inPlaceOf('application-local.yaml', (path) => writeFileSync(path, 'a: [\n', { mode: 0o600 })),
  ),
  fault(
    'application-local.yaml that is a folder',
    unreadable,
    inPlaceOf('application-local.yaml', (path) => mkdirSync(path)),
  ),
  fault(
    'application-local.yaml of binary bytes',
    unreadable,
    inPlaceOf('application-local.yaml', (path) =>
      writeFileSync(path, Buffer.from([0xff, 0, 0xfe, 0x1b]), { mode: 0o600 }),
    ),
  ),
  fault(
    'application-local.yaml of 2 MiB',
    unreadable,
    inPlaceOf('application-local.yaml', (path) => writeFileSync(path, '# x\n'.repeat(524_288), { mode: 0o600 })),
  ),
  fault(
    'no task queue',
    'KF-SET-002 fail worker-settings-incomplete',
    ({ settings }) => void (settings['temporal.kuflow-queue'] = undefined),
  ),
  fault(
    'port beyond all ports',
    'KF-SET-002 fail worker-settings-incomplete',
    ({ settings }) => void (settings['worker.health-port'] = '99999'),
  ),
  fault('proxy that speaks TLS, which no worker can', 'KF-SET-002 fail worker-settings-incomplete', async (world) => {
    const name = 'engine.kuflow.test';
    const tls = await world.authority.issue({ commonName: 'proxy', usage: 'server', hosts: ['localhost'] });
    const proxy = world.keep(await startConnectProxy({ hosts: { [name]: '127.0.0.1' }, tls }));
    world.settings['temporal.proxy'] = proxy.url;
    world.settings['kuflow.api.ca'] = 'tls/ca.pem';
    world.target = (port) => `${name}:${port}`;
  }),
  fault(
    'misspelt key',
    'KF-SET-003 warn settings-unknown-key',
    ({ settings }) => void (settings['temporal.kuflow-qeue'] = 'LOANS'),
  ),
  fault('secret in application.yaml', 'KF-SET-003 warn settings-secret-tracked', ({ settings, local }) => {
    settings['kuflow.api.client-secret'] = local['kuflow.api.client-secret'];
    local['kuflow.api.client-secret'] = undefined;
  }),
  fault(
    'TEMPORAL_ADDRESS of another engine',
    'KF-SET-004 warn settings-address-differs',
    ({ env }) => void (env['TEMPORAL_ADDRESS'] = 'other.kuflow.test:443'),
  ),
  fault('TEMPORAL_ADDRESS alone', 'KF-SET-004 warn settings-address-alone', (world) => {
    world.settings['temporal.target'] = '';
    world.env['TEMPORAL_ADDRESS'] = 'engine.kuflow.test:443';
    world.request = OFFLINE;
  }),
  fault(
    'TEMPORAL_TLS with @temporalio/envconfig 1.20.3',
    'KF-SET-005 warn settings-temporal-tls-inverted',
    envconfig('1.20.3'),
  ),
];

export const fileFaults: readonly Fault[] = [
  fault(
    'key that others may read',
    'KF-FILE-001 warn file-readable-by-others',
    ({ modes }) => void (modes['tls/client.key'] = 0o644),
  ),
  fault(
    'application-local.yaml that others may read',
    'KF-FILE-001 warn file-readable-by-others',
    ({ modes }) => void (modes['application-local.yaml'] = 0o640),
  ),
  fault('key that git tracks', 'KF-FILE-002 fail file-tracked-by-git', (world) => {
    world.afterwards.push(() => {
      writeFileSync(join(world.folder, '.gitignore'), 'application-local.yaml\n');
      git(world.folder, 'init', '-q');
      git(world.folder, 'add', 'tls/client.key');
    });
  }),
  fault('secret that git does not ignore', 'KF-FILE-002 warn file-not-ignored', (world) => {
    world.afterwards.push(() => {
      writeFileSync(join(world.folder, '.gitignore'), '*.key\n');
      git(world.folder, 'init', '-q');
    });
  }),
  fault(
    'key that is not there',
    ofTheEngine,
    inPlaceOf('tls/client.key', () => undefined),
  ),
  fault(
    'folder in place of the certificate',
    ofTheEngine,
    inPlaceOf('tls/client.pem', (path) => mkdirSync(path)),
  ),
  fault(
    'FIFO in place of the key',
    ofTheEngine,
    inPlaceOf('tls/client.key', (path) => void execFileSync('mkfifo', [path])),
  ),
  fault(
    'certificate of 2 MiB',
    certificate('files-unreadable'),
    ({ files }) => void (files['tls/client.pem'] = 'x'.repeat(2_097_152)),
  ),
  fault('empty certificate', certificate('empty'), ({ files }) => void (files['tls/client.pem'] = '\n')),
  fault(
    'certificate of binary bytes',
    certificate('not-pem'),
    ({ files }) => void (files['tls/client.pem'] = Buffer.from([0x30, 0x82, 0, 0xff, 0x1b])),
  ),
  fault(
    'certificate that is cut',
    certificate('not-pem'),
    ({ files, client }) => void (files['tls/client.pem'] = client.cert.slice(0, 200)),
  ),
  fault(
    'certificate with a broken middle',
    certificate('unreadable'),
    ({ files, client }) => void (files['tls/client.pem'] = client.cert.replace(/\n[^\n]{64}\n/, '\nAAAA\n')),
  ),
  fault(
    'base64 of PEM',
    certificate('base64-of-pem'),
    ({ files, client }) => void (files['tls/client.pem'] = Buffer.from(client.cert).toString('base64')),
  ),
  fault('key and certificate swapped', certificate('swapped'), ({ files, client }) => {
    [files['tls/client.pem'], files['tls/client.key']] = [client.key, client.cert];
  }),
  fault('PKCS#1 key', certificate('pkcs1-key'), (world) => key(world, 'pkcs1')),
  fault('SEC1 key', certificate('sec1-key'), (world) => key(world, 'sec1')),
  fault('encrypted key', certificate('encrypted-key'), (world) => key(world, 'pkcs8', 'secret')),
  fault('two keys in one file', 'KF-TLS-001 warn certificate-several-keys', async ({ authority, files, client }) => {
    files['tls/client.key'] = client.key + (await authority.issue({ commonName: 'other' })).key;
  }),
  fault('two keys in one file, that of the certificate is the second', certificate('key-mismatch'), async (world) => {
    const { key: other } = await world.authority.issue({ commonName: 'other' });
    world.files['tls/client.key'] = other + world.client.key;
  }),
  fault('key of another certificate', certificate('key-mismatch'), async ({ authority, files }) => {
    files['tls/client.key'] = (await authority.issue({ commonName: 'other' })).key;
  }),
  fault('X.509 v1 certificate', certificate('x509-version'), async ({ authority, files }) => {
    const pair = await authority.issueVersion1('old');
    [files['tls/client.pem'], files['tls/client.key']] = [pair.cert, pair.key];
  }),
  fault('certificate of an authority', certificate('leaf-is-ca'), issued({ commonName: 'ca', isCa: true, toDays: 60 })),
  fault(
    'certificate for servers',
    certificate('wrong-extended-key-usage'),
    issued({ commonName: 'server', usage: 'server', toDays: 60 }),
  ),
  fault(
    'certificate that ends in month 13',
    certificate('unreadable-date'),
    ({ files, client }) => void (files['tls/client.pem'] = withoutDate(client.cert, 'end')),
  ),
  fault(
    'CA that ends in month 13',
    certificate('unreadable-date'),
    ({ files, authority }) => void (files['tls/ca.pem'] = withoutDate(authority.cert, 'end')),
  ),
  fault('expired certificate', certificate('expired'), issued({ commonName: 'worker', fromDays: -30, toDays: -1 })),
  fault(
    'certificate of the future',
    certificate('not-yet-valid'),
    issued({ commonName: 'worker', fromDays: 2, toDays: 60 }),
  ),
  fault(
    'CA of binary bytes',
    certificate('not-pem'),
    ({ files }) => void (files['tls/ca.pem'] = Buffer.from([1, 2, 3])),
  ),
  fault('CA of the REST API without a certificate', incomplete, ({ settings, files }) => {
    settings['kuflow.api.ca'] = 'rest-ca.pem';
    files['rest-ca.pem'] = 'garbage';
  }),
  fault(
    'line ends of Windows',
    'KF-TLS-004 warn certificate-crlf',
    ({ files, client }) => void (files['tls/client.pem'] = client.cert.replaceAll('\n', '\r\n')),
  ),
  fault(
    '\\n in place of line breaks',
    'KF-TLS-004 warn certificate-literal-newlines',
    ({ files, client }) => void (files['tls/client.pem'] = client.cert.replaceAll('\n', '\\n')),
  ),
  fault(
    'byte order mark before the key',
    'KF-TLS-004 warn certificate-byte-order-mark',
    ({ files, client }) => void (files['tls/client.key'] = `\ufeff${client.key}`),
  ),
  fault(
    'certificate that ends in 9 days',
    'KF-TLS-005 warn certificate-expires-soon',
    issued({ commonName: 'worker', fromDays: -81, toDays: 9 }),
  ),
  fault(
    'certificate with less than --warn-expiry 50% left',
    'KF-TLS-005 warn certificate-expires-soon',
    async (world) => {
      await issued({ commonName: 'worker', fromDays: -60, toDays: 50 })(world);
      world.request = { warnExpiry: { kind: 'share', share: 0.5 } };
    },
  ),
];

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { withoutDate } from '../../../support/certificates.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { fault, following, runningCommand, type Fault, type Follow, type TestSetup } from './fault.ts';

const OFFLINE = { selection: { offline: true } };
const incomplete = 'KF-SET-001 fail settings-incomplete';
const unreadable = 'KF-SET-003 fail settings-file-unreadable';
const ofTheEngine = 'KF-SET-006 fail settings-incomplete';
const certificate = (code: string): string => `KF-TLS-001 fail certificate-${code}`;

/** Replaces the client certificate. */
const issued =
  (leaf: Parameters<TestSetup['authority']['issue']>[0]): Fault['make'] =>
  async ({ authority, files }) => {
    const pair = await authority.issue(leaf);
    [files['tls/client.pem'], files['tls/client.key']] = [pair.cert, pair.key];
  };
/** Converts a file with a real program. */
const encoded =
  (name: string, program: string, args: readonly string[]): Fault['make'] =>
  ({ files }) => {
    files[name] = execFileSync(program, args, { input: files[name] });
  };
const replaceFile =
  (name: string, make: (path: string) => void): Fault['make'] =>
  (setup) => {
    setup.afterwards.push(() => {
      const path = join(setup.folder, name);
      rmSync(path);
      make(path);
    });
  };
const encryptedKey = async (setup: TestSetup): Promise<void> => {
  const pair = await setup.authority.issue({ commonName: 'worker', rsa: true });
  const encryption = { cipher: 'aes-256-cbc', passphrase: 'secret' };
  setup.files['tls/client.pem'] = pair.cert;
  setup.files['tls/client.key'] = createPrivateKey(pair.key).export({ type: 'pkcs8', format: 'pem', ...encryption });
};
/** Through a proxy that requires a password, at the address that `url` makes of it. */
const passwordProxy =
  (password: string): Fault['make'] =>
  async (setup) => {
    const name = 'engine.kuflow.test';
    const hosts = { [name]: '127.0.0.1' };
    const proxy = setup.keep(await startConnectProxy({ hosts, credentials: `someone:${password}` }));
    setup.settings['temporal.proxy'] = proxy.url.replace('//', `//someone:${password}@`);
    setup.target = (port) => `${name}:${port}`;
  };
/** Writes the user name and password as the advice says. */
const encodePassword = following(/(@ as %40, \/ as %2F, # as %23)/, ({ settings }) => {
  const [, scheme = '', credentials = '', address = ''] =
    /^(\w+:\/\/)(.*)@(.*)$/.exec(settings['temporal.proxy'] ?? '') ?? [];
  const [user = '', ...password] = credentials.split(':');
  settings['temporal.proxy'] = `${scheme}${user}:${encodeURIComponent(password.join(':'))}@${address}`;
});
/** Runs the command of the advice that gets a new certificate. */
const pullCertificate: Follow = async ({ folder, env }, advice) => {
  const [, args = ''] =
    /kuflow (credentials pull.*)$/m.exec(advice.map(({ command = '' }) => command).join('\n')) ?? [];
  const { status, stderr } = await runKuflow(folder, args.split(' '), env);
  if (status !== 0) throw new Error(`kuflow ${args}: ${stderr}`);
};
const git = (folder: string, ...args: readonly string[]): void =>
  void execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
const envconfig =
  (version: string): Fault['make'] =>
  (setup) => {
    setup.env['TEMPORAL_TLS'] = 'true';
    setup.afterwards.push(() => {
      const folder = join(setup.folder, 'node_modules', '@temporalio', 'envconfig');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@temporalio/envconfig', version }));
    });
  };

const SECRET = 'canary-client-secret';
const TENANT = '5b0a6f0e-5f3b-4b5f-8a38-1c2d3e4f5a6b';
/** Client ID and endpoint come from the environment, once the servers run. */
const allInEnvironment = (setup: TestSetup): void => {
  setup.endpoint = (port) => {
    setup.env['KUFLOW_API_ENDPOINT'] = `http://127.0.0.1:${port}`;
    return '';
  };
  setup.env['KUFLOW_API_CLIENTID'] = setup.local['kuflow.api.client-id'] ?? '';
  for (const key of ['kuflow.api.client-id', 'kuflow.api.client-secret']) setup.local[key] = undefined;
};

export const settingsFaults: readonly Fault[] = [
  fault('missing client ID', incomplete, ({ local }) => void (local['kuflow.api.client-id'] = undefined)),
  fault('placeholder FILL_ME', incomplete, ({ local }) => void (local['kuflow.api.client-secret'] = 'FILL_ME')),
  fault(
    'client ID that is not a UUID',
    incomplete,
    ({ local }) => void (local['kuflow.api.client-id'] = 'loan-worker'),
  ),
  fault(
    'secret in quotes',
    incomplete,
    ({ local }) => void (local['kuflow.api.client-secret'] = `"${local['kuflow.api.client-secret'] ?? ''}"`),
  ),
  fault(
    'secret with a line break at its end',
    incomplete,
    ({ local }) => void (local['kuflow.api.client-secret'] = `${local['kuflow.api.client-secret'] ?? ''}\n`),
  ),
  fault(
    'zero-width space in the secret',
    incomplete,
    ({ local }) => void (local['kuflow.api.client-secret'] = `canary\u200b${SECRET.slice('canary'.length)}`),
    runningCommand(),
  ),
  fault(
    'zero-width space in the address of the engine',
    ofTheEngine,
    (setup) => void (setup.target = (port) => `127.0.0.1\u200b:${port}`),
    runningCommand(),
  ),
  fault(
    'zero-width space in the task queue',
    'KF-SET-002 fail worker-settings-incomplete',
    ({ settings }) => void (settings['temporal.kuflow-queue'] = 'LOANS\u200b'),
    runningCommand(),
  ),
  fault(
    'zero-width space in a variable',
    incomplete,
    (setup) => void (setup.env['KUFLOW_API_TENANTID'] = `\u200b${TENANT}`),
    following(/KUFLOW_API_TENANTID/, ({ env }) => void (env['KUFLOW_API_TENANTID'] = TENANT)),
  ),
  fault(
    'byte order mark in a secret file',
    incomplete,
    (setup) => {
      allInEnvironment(setup);
      setup.env['KUFLOW_API_CLIENTSECRET_FILE'] = 'secret.txt';
      setup.files['secret.txt'] = `\ufeff${SECRET}\n`;
      setup.modes['secret.txt'] = 0o600;
    },
    runningCommand(),
  ),
  fault(
    'credentials only in .env',
    incomplete,
    (setup) => {
      allInEnvironment(setup);
      setup.afterwards.push(() => {
        const lines = Object.entries(setup.env).map(([name, value]) => `${name}="${value}"`);
        writeFileSync(join(setup.folder, '.env'), `${lines.join('\n')}\nKUFLOW_API_CLIENTSECRET='${SECRET}'\n`);
        for (const name of Object.keys(setup.env)) Reflect.deleteProperty(setup.env, name);
      });
    },
    runningCommand((setup, output) => {
      for (const [, name = '', value = ''] of output.matchAll(/^(KUFLOW_\w+)=(.*)$/gm)) setup.env[name] = value;
    }, '\nenv'),
  ),
  fault(
    'key that occurs twice',
    unreadable,
    (setup) => {
      setup.afterwards.push(() => {
        const path = join(setup.folder, 'application-local.yaml');
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replace(/^(\s*client-secret: .*)$/m, `$1\n    client-id: ${TENANT}`),
        );
      });
    },
    (setup, advice) =>
      following(/Remove one of the two lines with client-id .*:\d+ and .*:(\d+)/, ({ folder }, line = '') => {
        const path = join(folder, 'application-local.yaml');
        const lines = readFileSync(path, 'utf8').split('\n');
        writeFileSync(path, lines.filter((_text, index) => index !== Number(line) - 1).join('\n'));
      })(setup, advice, () => undefined),
  ),
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
    'endpoint with an unsupported scheme',
    incomplete,
    ({ settings }) => void (settings['kuflow.api.endpoint'] = 'ftp://kuflow'),
  ),
  fault('client ID in the environment, secret in a file', incomplete, ({ env, local }) => {
    env['KUFLOW_API_CLIENTID'] = local['kuflow.api.client-id'] ?? '';
  }),
  fault('credentials in the environment, endpoint in a file', incomplete, ({ env, local }) => {
    env['KUFLOW_API_CLIENTID'] = local['kuflow.api.client-id'] ?? '';
    env['KUFLOW_API_CLIENTSECRET'] = local['kuflow.api.client-secret'] ?? '';
  }),
  fault(
    'certificate without a key',
    ofTheEngine,
    ({ settings }) => void (settings['temporal.mutual-tls.key'] = undefined),
  ),
  fault(
    'both certificate files and inline data',
    ofTheEngine,
    ({ env, client }) => void (env['TEMPORAL_MUTUALTLS_CERTDATA'] = client.cert),
  ),
  fault(
    'certificate without a namespace',
    ofTheEngine,
    ({ settings }) => void (settings['temporal.namespace'] = undefined),
  ),
  fault(
    'unsupported kind of proxy',
    ofTheEngine,
    ({ settings }) => void (settings['temporal.proxy'] = 'socks5://proxy:1080'),
  ),
  ...['canary-p@ss', 'canary/pass', '1/canary', 'canary#pass', '8#canary', 'canary?pass'].map((password) =>
    fault(
      `proxy password ${password} that is not percent-encoded`,
      ofTheEngine,
      passwordProxy(password),
      encodePassword,
    ),
  ),
  fault('unsupported kind of proxy in HTTPS_PROXY', 'KF-SET-001 fail settings-proxy-unusable', (setup) => {
    setup.env['HTTPS_PROXY'] = 'socks5://proxy:1080';
    setup.endpoint = () => 'https://api.kuflow.test';
    setup.target = () => 'engine.kuflow.test:443';
  }),
  fault('tenant ID that is not a UUID', incomplete, ({ settings }) => void (settings['kuflow.api.tenant-id'] = 'mine')),
  fault('`worker` that is not a map', 'KF-SET-002 fail worker-settings-incomplete', ({ settings, env }) => {
    settings['worker'] = 'robots';
    // Workers of other tests may use the default ports.
    for (const port of ['WORKER_HEALTHPORT', 'WORKER_METRICSPORT']) env[port] = '0';
  }),
  fault(
    'application.yaml that is not valid YAML',
    unreadable,
    replaceFile('application.yaml', (path) => writeFileSync(path, 'temporal:\n  - a: [\n')),
  ),
  fault(
    'application-local.yaml that is not valid YAML',
    unreadable,
    replaceFile('application-local.yaml', (path) => writeFileSync(path, 'a: [\n', { mode: 0o600 })),
  ),
  fault(
    'application-local.yaml that is a folder',
    unreadable,
    replaceFile('application-local.yaml', (path) => mkdirSync(path)),
  ),
  fault(
    'binary application-local.yaml',
    unreadable,
    replaceFile('application-local.yaml', (path) =>
      writeFileSync(path, Buffer.from([0xff, 0, 0xfe, 0x1b]), { mode: 0o600 }),
    ),
  ),
  fault(
    'application-local.yaml of 2 MiB',
    unreadable,
    replaceFile('application-local.yaml', (path) => writeFileSync(path, '# x\n'.repeat(524_288), { mode: 0o600 })),
  ),
  fault(
    'missing task queue',
    'KF-SET-002 fail worker-settings-incomplete',
    ({ settings }) => void (settings['temporal.kuflow-queue'] = undefined),
  ),
  fault(
    'port number out of range',
    'KF-SET-002 fail worker-settings-incomplete',
    ({ settings }) => void (settings['worker.health-port'] = '99999'),
  ),
  fault(
    'proxy that speaks TLS, which workers do not support',
    'KF-SET-002 fail worker-settings-incomplete',
    async (setup) => {
      const name = 'engine.kuflow.test';
      const tls = await setup.authority.issue({ commonName: 'proxy', usage: 'server', hosts: ['localhost'] });
      const proxy = setup.keep(await startConnectProxy({ hosts: { [name]: '127.0.0.1' }, tls }));
      setup.settings['temporal.proxy'] = proxy.url;
      setup.settings['kuflow.api.ca'] = 'tls/ca.pem';
      setup.target = (port) => `${name}:${port}`;
    },
  ),
  fault('misspelled key of the task queue', 'KF-SET-003 fail settings-misspelled-key', ({ settings }) => {
    settings['temporal.kuflow-queue'] = undefined;
    settings['temporal.kuflow-queu'] = 'LOANS';
  }),
  fault('misspelled key of the client ID', 'KF-SET-003 fail settings-misspelled-key', ({ local }) => {
    local['kuflow.api.client-idd'] = local['kuflow.api.client-id'];
    local['kuflow.api.client-id'] = undefined;
  }),
  fault(
    'misspelled key',
    'KF-SET-003 warn settings-unknown-key',
    ({ settings }) => void (settings['temporal.kuflow-qeue'] = 'LOANS'),
  ),
  fault('secret in application.yaml', 'KF-SET-003 warn settings-secret-tracked', ({ settings, local }) => {
    settings['kuflow.api.client-secret'] = local['kuflow.api.client-secret'];
    local['kuflow.api.client-secret'] = undefined;
  }),
  fault(
    'TEMPORAL_ADDRESS with another engine',
    'KF-SET-004 warn settings-address-differs',
    ({ env }) => void (env['TEMPORAL_ADDRESS'] = 'other.kuflow.test:443'),
  ),
  fault('TEMPORAL_ADDRESS without TEMPORAL_TARGET', 'KF-SET-004 warn settings-address-alone', (setup) => {
    setup.settings['temporal.target'] = '';
    setup.env['TEMPORAL_ADDRESS'] = 'engine.kuflow.test:443';
    setup.request = OFFLINE;
  }),
  fault(
    'NODE_TLS_REJECT_UNAUTHORIZED=0',
    'KF-SET-007 warn settings-tls-unverified',
    ({ env }) => void (env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'),
    following(/Remove (NODE_TLS_REJECT_UNAUTHORIZED)/, ({ env }, variable = '') => {
      Reflect.deleteProperty(env, variable);
    }),
  ),
  fault(
    'TEMPORAL_TLS with @temporalio/envconfig 1.20.3',
    'KF-SET-005 warn settings-temporal-tls-inverted',
    envconfig('1.20.3'),
  ),
];

export const fileFaults: readonly Fault[] = [
  fault(
    'key that other users can read',
    'KF-FILE-001 warn file-readable-by-others',
    ({ modes }) => void (modes['tls/client.key'] = 0o644),
  ),
  fault(
    'application-local.yaml that other users can read',
    'KF-FILE-001 warn file-readable-by-others',
    ({ modes }) => void (modes['application-local.yaml'] = 0o640),
  ),
  fault('key tracked by git', 'KF-FILE-002 fail file-tracked-by-git', (setup) => {
    setup.afterwards.push(() => {
      writeFileSync(join(setup.folder, '.gitignore'), 'application-local.yaml\n');
      git(setup.folder, 'init', '-q');
      git(setup.folder, 'add', 'tls/client.key');
    });
  }),
  fault('secret not ignored by git', 'KF-FILE-002 warn file-not-ignored', (setup) => {
    setup.afterwards.push(() => {
      writeFileSync(join(setup.folder, '.gitignore'), '*.key\n');
      git(setup.folder, 'init', '-q');
    });
  }),
  fault(
    'missing key file',
    ofTheEngine,
    replaceFile('tls/client.key', () => undefined),
  ),
  fault(
    'folder instead of the certificate file',
    ofTheEngine,
    replaceFile('tls/client.pem', (path) => mkdirSync(path)),
  ),
  fault(
    'FIFO instead of the key file',
    ofTheEngine,
    replaceFile('tls/client.key', (path) => void execFileSync('mkfifo', [path])),
  ),
  fault(
    'certificate of 2 MiB',
    certificate('files-unreadable'),
    ({ files }) => void (files['tls/client.pem'] = 'x'.repeat(2_097_152)),
  ),
  fault('empty certificate', certificate('empty'), ({ files }) => void (files['tls/client.pem'] = '\n')),
  fault(
    'binary certificate',
    certificate('not-pem'),
    ({ files }) => void (files['tls/client.pem'] = Buffer.from([0x30, 0x82, 0, 0xff, 0x1b])),
  ),
  fault('DER certificate', certificate('der'), encoded('tls/client.pem', 'openssl', ['x509', '-outform', 'der'])),
  fault('DER key', certificate('der'), encoded('tls/client.key', 'openssl', ['pkey', '-outform', 'der'])),
  fault('DER CA', certificate('der'), encoded('tls/ca.pem', 'openssl', ['x509', '-outform', 'der'])),
  fault('PKCS#12 file as certificate, key and CA', certificate('pkcs12'), (setup) => {
    const { client, authority, files, settings } = setup;
    const all = join(setup.folder, 'all.pem');
    writeFileSync(all, client.key + client.cert + authority.cert);
    files['tls/client.p12'] = execFileSync('openssl', ['pkcs12', '-export', '-in', all, '-passout', 'pass:']);
    for (const part of ['cert', 'key', 'ca']) settings[`temporal.mutual-tls.${part}`] = 'tls/client.p12';
    setup.modes['tls/client.p12'] = 0o600;
  }),
  fault('UTF-16 certificate', certificate('utf16'), encoded('tls/client.pem', 'iconv', ['-t', 'UTF-16'])),
  fault(
    'UTF-16 key without a byte order mark',
    certificate('utf16'),
    encoded('tls/client.key', 'iconv', ['-t', 'UTF-16LE']),
  ),
  fault('UTF-16 CA', certificate('utf16'), encoded('tls/ca.pem', 'iconv', ['-t', 'UTF-16BE'])),
  fault(
    'truncated certificate',
    certificate('not-pem'),
    ({ files, client }) => void (files['tls/client.pem'] = client.cert.slice(0, 200)),
  ),
  fault(
    'corrupted certificate',
    certificate('unreadable'),
    ({ files, client }) => void (files['tls/client.pem'] = client.cert.replace(/\n[^\n]{64}\n/, '\nAAAA\n')),
  ),
  fault(
    'base64-encoded PEM',
    certificate('base64-of-pem'),
    ({ files, client }) => void (files['tls/client.pem'] = Buffer.from(client.cert).toString('base64')),
  ),
  fault('key and certificate swapped', certificate('swapped'), ({ files, client }) => {
    [files['tls/client.pem'], files['tls/client.key']] = [client.key, client.cert];
  }),
  fault('encrypted key', certificate('encrypted-key'), encryptedKey),
  fault('two keys in one file', 'KF-TLS-001 warn certificate-several-keys', async ({ authority, files, client }) => {
    files['tls/client.key'] = client.key + (await authority.issue({ commonName: 'other' })).key;
  }),
  fault('two keys in one file, the second one matches', certificate('key-mismatch'), async (setup) => {
    const { key: other } = await setup.authority.issue({ commonName: 'other' });
    setup.files['tls/client.key'] = other + setup.client.key;
  }),
  fault('key of another certificate', certificate('key-mismatch'), async ({ authority, files }) => {
    files['tls/client.key'] = (await authority.issue({ commonName: 'other' })).key;
  }),
  fault(
    'CA in front of the client certificate',
    certificate('chain-order'),
    ({ files, client, authority }) => void (files['tls/client.pem'] = authority.cert + client.cert),
    following(/Move the certificate with the subject CN=worker to the top of (\S+)/, ({ files, client, authority }) => {
      files['tls/client.pem'] = client.cert + authority.cert;
    }),
  ),
  fault(
    'certificate from a file, key of another certificate from TEMPORAL_MUTUALTLS_KEY',
    certificate('mixed-sources'),
    async (setup) => {
      setup.files['other.key'] = (await setup.authority.issue({ commonName: 'other' })).key;
      setup.modes['other.key'] = 0o600;
      setup.env['TEMPORAL_MUTUALTLS_KEY'] = 'other.key';
    },
    following(/Remove (TEMPORAL_MUTUALTLS_KEY)/, ({ env }, variable = '') => {
      Reflect.deleteProperty(env, variable);
    }),
  ),
  fault('X.509 v1 certificate', certificate('x509-version'), async ({ authority, files }) => {
    const pair = await authority.issueVersion1('old');
    [files['tls/client.pem'], files['tls/client.key']] = [pair.cert, pair.key];
  }),
  fault(
    'CA certificate as client certificate',
    certificate('leaf-is-ca'),
    issued({ commonName: 'ca', isCa: true, toDays: 60 }),
  ),
  fault(
    'server certificate as client certificate',
    certificate('wrong-extended-key-usage'),
    issued({ commonName: 'server', usage: 'server', toDays: 60 }),
  ),
  fault(
    'certificate with an expiry in month 13',
    certificate('unreadable-date'),
    ({ files, client }) => void (files['tls/client.pem'] = withoutDate(client.cert, 'end')),
  ),
  fault(
    'CA with an expiry in month 13',
    certificate('unreadable-date'),
    ({ files, authority }) => void (files['tls/ca.pem'] = withoutDate(authority.cert, 'end')),
  ),
  fault(
    'expired certificate',
    certificate('expired'),
    issued({ commonName: 'worker', fromDays: -30, toDays: -1 }),
    pullCertificate,
  ),
  fault(
    'expired certificate in files that variables name',
    certificate('expired'),
    async (setup) => {
      await issued({ commonName: 'worker', fromDays: -30, toDays: -1 })(setup);
      for (const [part, name] of Object.entries({ cert: 'client.pem', key: 'client.key', ca: 'ca.pem' })) {
        setup.settings[`temporal.mutual-tls.${part}`] = undefined;
        setup.env[`TEMPORAL_MUTUALTLS_${part.toUpperCase()}`] = join('tls', name);
      }
    },
    async (setup, advice, rewrite) => {
      const removeVariables = following(/Remove (.*), which overrides the files/, ({ env }, variables = '') => {
        for (const variable of variables.split(', ')) Reflect.deleteProperty(env, variable);
      });
      await removeVariables(setup, advice, rewrite);
      await pullCertificate(setup, advice, rewrite);
    },
  ),
  fault(
    'certificate that is not valid yet',
    certificate('not-yet-valid'),
    issued({ commonName: 'worker', fromDays: 2, toDays: 60 }),
  ),
  fault('binary CA', certificate('not-pem'), ({ files }) => void (files['tls/ca.pem'] = Buffer.from([1, 2, 3]))),
  fault('REST API CA without a certificate', incomplete, ({ settings, files }) => {
    settings['kuflow.api.ca'] = 'rest-ca.pem';
    files['rest-ca.pem'] = 'garbage';
  }),
  fault(
    'Windows line endings',
    'KF-TLS-004 warn certificate-crlf',
    ({ files, client }) => void (files['tls/client.pem'] = client.cert.replaceAll('\n', '\r\n')),
  ),
  fault(
    'literal \\n instead of line breaks',
    'KF-TLS-004 warn certificate-literal-newlines',
    ({ files, client }) => void (files['tls/client.pem'] = client.cert.replaceAll('\n', '\\n')),
  ),
  fault(
    'byte order mark before the key',
    'KF-TLS-004 warn certificate-byte-order-mark',
    ({ files, client }) => void (files['tls/client.key'] = `\ufeff${client.key}`),
  ),
  fault(
    'certificate that expires in 9 days',
    'KF-TLS-005 warn certificate-expires-soon',
    issued({ commonName: 'worker', fromDays: -81, toDays: 9 }),
  ),
  fault(
    'certificate with less than --warn-expiry 50% left',
    'KF-TLS-005 warn certificate-expires-soon',
    async (setup) => {
      await issued({ commonName: 'worker', fromDays: -60, toDays: 50 })(setup);
      setup.request = { warnExpiry: { kind: 'share', share: 0.5 } };
    },
  ),
];

import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendJson } from '../../../support/answering-server.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { resolveDirectNames } from '../../../support/direct-names.ts';
import { runningCommand, type Fault, type TestSetup } from '../../../unit/diagnostics/matrix/fault.ts';
import { namedAnswer, pollersAnswer, startAnswer } from '../../../unit/diagnostics/matrix/engine-answers.ts';
import { matrix } from '../../../unit/diagnostics/matrix/matrix.ts';
import { unsafeForms } from '../../../unit/diagnostics/matrix/report-texts.ts';
import {
  CLIENT_ID,
  diagnose,
  diagnoseWithFaults,
  makeMaterials,
  rootsOf,
  SECRET,
  TENANT,
  TOKEN,
  type Materials,
} from '../../../unit/diagnostics/matrix/setup.ts';

// Faults run concurrently, so folders are removed only at the end.
const base = realpathSync(mkdtempSync(join(tmpdir(), 'doctor-matrix-')));
let folders = 0;
const folder = (): string => {
  const path = join(base, String(++folders));
  mkdirSync(path);
  return path;
};
let materials: Materials;

let releaseNames: () => void;

beforeAll(async () => {
  releaseNames = resolveDirectNames();
  materials = await makeMaterials();
});

afterAll(() => {
  releaseNames();
  rmSync(base, { recursive: true, force: true });
});

/** What no output format may contain: secrets, encoded secrets, and lines of a key. */
const canaries = (): readonly string[] => [
  ...[SECRET, TOKEN, 'PRIVATE KEY-', 'canary-password'],
  Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64'),
  ...materials.client.key.split('\n').filter((line) => line.length > 20),
];

const STATUS: Readonly<Record<string, number>> = { fail: 1, unknown: 4, warn: 0 };
const statusOf = ([id = '', state = '']: readonly string[]): number | undefined =>
  id.startsWith('KF-SET-') && state === 'fail' ? 2 : STATUS[state];

describe.each(matrix)('$plane', ({ faults }) => {
  it.concurrent.each(faults)('$name: $root', async (one) => {
    const { report, texts, followed } = await diagnoseWithFaults(folder(), materials, [one]);
    expect(rootsOf(report), JSON.stringify(report.roots, undefined, 1)).toEqual([one.root]);
    expect(report.status).toBe(statusOf(one.root.split(' ')));
    // No unfilled placeholders, except for the value of an option in a text.
    for (const { text, command = '' } of report.results.flatMap(({ advice }) => advice))
      expect(text.replaceAll('--ca <file>', '') + command).not.toMatch(/<[a-z-]+>/);
    expect(unsafeForms(texts, canaries())).toEqual([]);
    if (followed !== undefined) expect(rootsOf(followed), JSON.stringify(followed.roots, undefined, 1)).toEqual([]);
  });
});

const all = matrix.flatMap(({ plane, faults }) => faults.map((one) => ({ ...one, plane })));
const named = (plane: string, name: string): Fault => {
  const found = all.find((one) => one.plane === plane && one.name === name);
  if (found === undefined) throw new Error(`no fault ${plane}: ${name}`);
  return found;
};
/** Without following advice, which is that of one fault. */
const makesOf = (faults: readonly Fault[]): readonly Pick<Fault, 'make'>[] => faults.map(({ make }) => ({ make }));
/** Both faults must be reported; neither hides the other. */
const APART: readonly (readonly [readonly [string, string], readonly [string, string]])[] = [
  [
    ['Files', 'missing key file'],
    ['REST and proxy', 'wrong secret (401)'],
  ],
  [
    ['Settings', 'target without a port'],
    ['REST and proxy', 'tenant of another customer'],
  ],
  [
    ['Settings', 'target that is a URL'],
    ['Token and clock', 'response without a token'],
  ],
  [
    ['Settings', 'placeholder FILL_ME'],
    ['Engine', 'server without TLS'],
  ],
  [
    ['Files', 'expired certificate'],
    ['Files', 'missing key file'],
  ],
];
const PAIRS: readonly (readonly [readonly [string, string], readonly [string, string]])[] = [
  [
    ['REST and proxy', 'wrong secret (401)'],
    ['Files', 'key of another certificate'],
  ],
  [
    ['REST and proxy', 'wrong secret (401)'],
    ['Engine', 'connection refused'],
  ],
  [
    ['REST and proxy', 'KuFlow server error (500)'],
    ['Files', 'expired certificate'],
  ],
  [
    ['Settings', 'placeholder FILL_ME'],
    ['Files', 'key that other users can read'],
  ],
  [
    ['Settings', 'placeholder FILL_ME'],
    ['Engine', 'server without TLS'],
  ],
  [
    ['Settings', 'missing task queue'],
    ['Engine', 'token that the engine rejects'],
  ],
  [
    ['Settings', 'misspelled key'],
    ['Pollers and project', 'no pollers'],
  ],
  [
    ['Settings', 'TEMPORAL_ADDRESS with another engine'],
    ['Token and clock', 'clock two minutes ahead'],
  ],
  [
    ['Files', 'key that other users can read'],
    ['Files', 'encrypted key'],
  ],
  [
    ['Files', 'certificate that expires in 9 days'],
    ['REST and proxy', 'tenant of another customer'],
  ],
  [
    ['Files', 'empty certificate'],
    ['Engine', 'certificate for another host'],
  ],
  [
    ['Token and clock', 'clock a year ahead: certificate and token look expired'],
    ['Engine', 'namespace that does not exist'],
  ],
  [
    ['Token and clock', 'response without a token'],
    ['Engine', 'server that refuses HTTP/2'],
  ],
  [
    ['Engine', 'TLS interception: certificate of another issuer'],
    ['Pollers and project', 'tasks waiting, no pollers'],
  ],
  [
    ['Pollers and project', 'process definition with another task queue'],
    ['REST and proxy', 'HTML response'],
  ],
  [
    ['Pollers and project', 'Temporal packages with different versions'],
    ['Engine', 'engine that is not ready'],
  ],
];

describe('two faults at once', () => {
  it.concurrent.each(PAIRS)(
    '%s and %s: both root causes, or one that blocks the other check',
    async (first, second) => {
      const pair = [named(...first), named(...second)];
      const { report } = await diagnoseWithFaults(folder(), materials, makesOf(pair));
      const roots = rootsOf(report);
      const wanted = pair.map(({ root }) => root);
      expect(roots.filter((root) => !wanted.includes(root))).toEqual([]);
      expect(roots.length).toBeGreaterThan(0);
      for (const missing of wanted.filter((root) => !roots.includes(root))) {
        const result = report.results.find(({ id }) => id === missing.split(' ')[0]);
        expect(result).toMatchObject({ state: 'skip', skipped: 'blocked' });
        expect(roots.some((root) => root.startsWith(result?.blockedBy ?? '?'))).toBe(true);
      }
    },
  );
});

const requested = ({ settings, files }: TestSetup): void => {
  for (const part of ['cert', 'key', 'ca']) settings[`temporal.mutual-tls.${part}`] = undefined;
  settings['temporal.namespace'] = undefined;
  for (const name of Object.keys(files)) Reflect.deleteProperty(files, name);
};
const HEALTHY: readonly (readonly [string, Fault['make'], readonly string[]])[] = [
  ['certificate files', () => undefined, ['engine token']],
  [
    'inline data with literal line breaks',
    (setup) => {
      requested(setup);
      setup.settings['temporal.namespace'] = 'tenant-1';
      const inline = (pem: string): string => pem.replaceAll('\n', '\\n');
      setup.env['TEMPORAL_MUTUALTLS_CERTDATA'] = inline(setup.client.cert);
      setup.env['TEMPORAL_MUTUALTLS_KEYDATA'] = inline(setup.client.key);
      setup.env['TEMPORAL_MUTUALTLS_CADATA'] = inline(setup.authority.cert);
    },
    ['engine token'],
  ],
  [
    'a certificate issued just now and a clock 8 seconds slow',
    async (setup) => {
      const pair = await setup.authority.issue({ commonName: 'worker', fromDays: 0, toDays: 60 });
      [setup.files['tls/client.pem'], setup.files['tls/client.key']] = [pair.cert, pair.key];
      setup.skew = -8_000;
    },
    ['engine token'],
  ],
  [
    'the target in a YAML merge key',
    (setup) => {
      setup.afterwards.push(() => {
        const path = join(setup.folder, 'application.yaml');
        const [, target = ''] = /target: (.*)/.exec(readFileSync(path, 'utf8')) ?? [];
        const text = readFileSync(path, 'utf8').replace(/ *target: .*\n/, '');
        writeFileSync(
          path,
          text.replace(/^temporal:\n/m, `defaults: &defaults\n  target: ${target}\ntemporal:\n  <<: *defaults\n`),
        );
      });
    },
    ['engine token'],
  ],
  [
    'a poller with a time out of the range of dates',
    (setup) => {
      const answers = { DescribeTaskQueue: pollersAnswer([{ identity: '1@host', agoMs: -9e18 }]) };
      setup.engine = { ...setup.engine, answers };
    },
    ['engine token'],
  ],
  [
    'a confidential process that is not running',
    (setup) => {
      const healthy = setup.rest;
      const none = { metadata: { size: 5, page: 0, totalElements: 0, totalPages: 0 }, content: [] };
      setup.rest = (request, response, index) => {
        if (request.url.includes('/processes?')) sendJson(response, 200, none);
        else healthy(request, response, index);
      };
      const process = { file: 'kuflow.process.yaml', code: 'LOAN', workflowType: 'LoanWorkflow', taskQueue: 'LOANS' };
      setup.project = { processes: () => Promise.resolve([{ ...process, confidential: true }]) };
    },
    ['engine token'],
  ],
  ['an issued certificate', requested, ['engine token', 'engine certificate']],
  [
    'a proxy on both planes',
    async (setup) => {
      const hosts = { 'api.kuflow.test': '127.0.0.1', 'engine.kuflow.test': '127.0.0.1' };
      setup.restTls = materials.server;
      setup.settings['kuflow.api.ca'] = 'rest-ca.pem';
      setup.files['rest-ca.pem'] = setup.authority.cert;
      setup.endpoint = (port) => `https://api.kuflow.test:${port}`;
      setup.target = (port) => `engine.kuflow.test:${port}`;
      const proxy = setup.keep(await startConnectProxy({ hosts, credentials: 'user:canary-password' }));
      setup.env['HTTPS_PROXY'] = proxy.url.replace('http://', 'http://user:canary-password@');
    },
    ['engine token'],
  ],
  [
    'an engine that restricts calls',
    (setup) => {
      const [denied, absent] = [{ code: 7 }, { code: 12 }];
      setup.engine = {
        ...setup.engine,
        status: {
          GetSystemInfo: absent,
          DescribeNamespace: absent,
          DescribeTaskQueue: denied,
          GetWorkflowExecutionHistory: absent,
        },
      };
      setup.request = { processId: '018f3a1c-0000-7000-8000-00000000000a' };
      // The result of an installed worker.
      const steps = ['settings', 'rest', 'token', 'certificate', 'connect'].map((step) => ({
        ...{ step, status: 'ok' as const, detail: '' },
      }));
      const last = { step: 'namespace', status: 'skipped' as const, detail: 'UNIMPLEMENTED' };
      setup.project = {
        workerCheck: () => Promise.resolve({ kind: 'answered', status: 0, steps: [...steps, last] }),
      };
      setup.afterwards.push(() => {
        const at = join(setup.folder, 'node_modules', '@temporalio', 'worker');
        mkdirSync(at, { recursive: true });
        writeFileSync(join(at, 'package.json'), JSON.stringify({ name: '@temporalio/worker', version: '1.24.0' }));
      });
    },
    ['engine token', "engine token (by the worker's own check)"],
  ],
];

describe('independent faults', () => {
  it.concurrent.each(APART)('%s and %s: both root causes', async (first, second) => {
    const pair = [named(...first), named(...second)];
    const { report } = await diagnoseWithFaults(folder(), materials, makesOf(pair));
    expect([...rootsOf(report)].sort()).toEqual(pair.map(({ root }) => root).sort());
  });
});

describe('a certificate set with a missing part', () => {
  it('does not count as unconfigured: no certificate is requested, and dependent checks name the settings check', async () => {
    const { report } = await diagnoseWithFaults(folder(), materials, [named('Files', 'missing key file')]);
    const of = (wanted: string) => report.results.find(({ id }) => id === wanted);
    for (const id of ['KF-TLS-001', 'KF-TLS-003', 'KF-TLS-004', 'KF-TLS-005'])
      expect(of(id)).toMatchObject({ state: 'skip', skipped: 'blocked', blockedBy: 'KF-SET-006' });
    expect(of('KF-TLS-001')?.summary).toContain('private key');
    expect(of('KF-TLS-002')).toMatchObject({ skipped: 'not-applicable' });
    expect(of('KF-TLS-002')?.summary).toContain('not requested');
    expect(report.created).toEqual(['engine token']);
  });

  it('is reported if the settings check does not run', async () => {
    const alone: Fault['make'] = async (setup) => {
      await named('Files', 'missing key file').make(setup);
      setup.request = { selection: { only: ['KF-TLS-001'], skip: ['KF-SET-006'] } };
    };
    const { report } = await diagnoseWithFaults(folder(), materials, [{ make: alone }]);
    expect(rootsOf(report)).toEqual(['KF-TLS-001 fail certificate-incomplete']);
  });
});

describe('a certificate in another format', () => {
  const formats = matrix
    .flatMap(({ faults }) => faults)
    .filter(({ root }) => /certificate-(der|pkcs12|utf16)$/.test(root));

  it.concurrent.each(formats)('$name: passes after the printed commands have run', async (one) => {
    const convert = {
      make: (setup: TestSetup) =>
        void setup.afterwards.push(async () => {
          const broken = await diagnose(setup);
          for (const { text, command = '' } of broken.roots[0]?.advice ?? []) {
            // A session without a terminal: openssl reads the password, which is empty, from standard input.
            await execa('sh', ['-ec', command], { input: '\n', detached: true });
            const setting = /temporal\.mutual-tls\.(\w+)/.exec(text)?.[1] ?? '';
            const file = /(\S+\.pem)\)?$/.exec(command)?.[1] ?? '';
            setup.env[`TEMPORAL_MUTUALTLS_${setting.toUpperCase()}`] = file;
          }
        }),
    };
    const { report } = await diagnoseWithFaults(folder(), materials, [one, convert]);
    expect(rootsOf(report)).toEqual([]);
    expect(report.results.find(({ id }) => id === 'KF-TLS-003')?.state).toBe('pass');
  });
});

describe('a client certificate from another issuer', () => {
  it('is reported with its issuer and the CA in use, in addition to what the engine did', async () => {
    const { report } = await diagnoseWithFaults(folder(), materials, [
      named('Engine', 'client certificate from another issuer'),
    ]);
    expect(report.firstFailure?.summary).toContain(
      'The client certificate was issued by "CN=Other CA", which is not the CA in use, "CN=Test CA"',
    );
    const issued = await diagnoseWithFaults(folder(), materials, [
      named('Engine', 'client certificate of another authority, TLS 1.3'),
    ]);
    expect(issued.report.firstFailure?.summary).not.toContain('issued by');
  });
});

describe('an unreadable application file', () => {
  it.each(['application.yaml', 'application-local.yaml'])(
    '%s blocks every check that depends on settings',
    async (name) => {
      const { report } = await diagnoseWithFaults(folder(), materials, [
        named('Settings', `${name} that is not valid YAML`),
      ]);
      expect(report.roots.map(({ advice }) => advice[0]?.text)).toEqual([
        expect.stringMatching(`^Correct ${name}:\\d+$`),
      ]);
      for (const id of [
        'KF-SET-001',
        'KF-SET-006',
        'KF-SET-002',
        'KF-SET-004',
        'KF-REST-001',
        'KF-TLS-003',
        'KF-POLL-001',
      ])
        expect(report.results.find((result) => result.id === id)).toMatchObject({
          state: 'skip',
          blockedBy: 'KF-SET-003',
        });
    },
  );

  it('is reported by the first check of settings if the check of files does not run', async () => {
    const alone: Fault['make'] = async (setup) => {
      await named('Settings', 'application.yaml that is not valid YAML').make(setup);
      setup.request = { selection: { skip: ['KF-SET-003'] } };
    };
    const { report } = await diagnoseWithFaults(folder(), materials, [{ make: alone }]);
    expect(rootsOf(report)).toEqual(['KF-SET-001 fail settings-file-unreadable']);
  });
});

describe.skipIf(process.platform === 'win32')('a file that this user cannot read', () => {
  const NOBODY = 65_534;
  const isRoot = process.geteuid?.() === 0;

  it('is reported with the command that gives access', async () => {
    const unreadable: Fault['make'] = (setup) =>
      void setup.afterwards.push(() => {
        const path = join(setup.folder, 'application-local.yaml');
        chmodSync(base, 0o755);
        chmodSync(setup.folder, 0o755);
        chmodSync(path, 0);
        // The superuser can read everything.
        if (!isRoot) return;
        for (const name of ['application-local.yaml', 'tls/client.key'])
          chownSync(join(setup.folder, name), NOBODY, NOBODY);
        process.seteuid?.(NOBODY);
      });
    try {
      const follow = runningCommand();
      const { report, followed } = await diagnoseWithFaults(folder(), materials, [{ make: unreadable, follow }]);
      expect(rootsOf(report)).toEqual(['KF-SET-003 fail settings-file-unreadable']);
      expect(report.roots[0]?.summary).toContain('EACCES');
      expect(followed && rootsOf(followed)).toEqual([]);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

describe('clock skew', () => {
  it('explains an engine certificate that is invalid only by the local clock, and skips it if the clock check fails', async () => {
    const minute = 1 / 1440;
    const ahead = (setup: TestSetup): void => {
      const healthy = setup.rest;
      setup.rest = (request, response, index) => {
        response.setHeader('date', new Date(Date.now() - 2 * 60_000).toUTCString());
        healthy(request, response, index);
      };
    };
    const ends: Fault['make'] = async (setup) => {
      ahead(setup);
      const life = { fromDays: -1, toDays: -minute };
      const leaf = { commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'], ...life } as const;
      setup.engine = { ...setup.engine, server: await setup.authority.issue(leaf) };
    };
    const { report } = await diagnoseWithFaults(folder(), materials, [{ make: ends }]);
    expect(rootsOf(report)).toEqual(['KF-TLS-003 fail engine-certificate-by-clock', 'KF-CLOCK-001 warn clock-off']);
    expect(report.status).toBe(1);

    const far = named('Token and clock', 'clock ten days ahead: engine certificate looks expired');
    const skipped = (await diagnoseWithFaults(folder(), materials, [far])).report.results;
    for (const id of ['KF-TLS-003', 'KF-ENGINE-001', 'KF-POLL-001'])
      expect(skipped.find((result) => result.id === id)).toMatchObject({
        ...{ state: 'skip', skipped: 'blocked', blockedBy: 'KF-CLOCK-001' },
      });
    // Without the clock check, the finding is a root cause.
    const alone: Fault['make'] = async (setup) => {
      await far.make(setup);
      setup.request = { selection: { only: ['KF-TLS-003'], skip: ['KF-CLOCK-001'] } };
    };
    const { report: only } = await diagnoseWithFaults(folder(), materials, [{ make: alone }]);
    expect(rootsOf(only)).toEqual(['KF-TLS-003 fail engine-certificate-by-clock']);
  });
});

describe('a healthy setup', () => {
  it.each(HEALTHY)('with %s has no warnings and lists what it created', async (_name, make, created) => {
    const { report, texts } = await diagnoseWithFaults(folder(), materials, [{ make }]);
    expect(rootsOf(report)).toEqual([]);
    expect(report).toMatchObject({ status: 0, created });
    expect(unsafeForms(texts, [...canaries(), 'canary'])).toEqual([]);
  });
});

describe('texts from servers and files', () => {
  const HOSTILE = 'A\u001b]0;x\u0007\u009b2J\u202e\u200b\u2028\r\n::error::`|</td>]]>&%0A%';

  it('are escaped in every output format', async () => {
    const { report, texts } = await diagnoseWithFaults(folder(), materials, [
      {
        make: async (setup) => {
          const ca = await makeTestAuthority(`CA ${HOSTILE.replace(/[\r\n]/g, '')}`);
          const pair = await ca.issue({ commonName: HOSTILE, fromDays: -81, toDays: 9 });
          [setup.files['tls/client.pem'], setup.files['tls/client.key']] = [pair.cert, pair.key];
          setup.engine = {
            clientCa: ca.cert + setup.authority.cert,
            answers: {
              GetSystemInfo: namedAnswer(HOSTILE),
              DescribeNamespace: namedAnswer(namedAnswer(HOSTILE)),
              DescribeTaskQueue: pollersAnswer([{ identity: HOSTILE, agoMs: 240_000 }], 3),
              GetWorkflowExecutionHistory: startAnswer(HOSTILE, HOSTILE),
            },
          };
          setup.settings['temporal.kuflow-queue'] = HOSTILE;
          setup.settings[HOSTILE] = 'x';
          setup.settings[`temporal.namespacé${HOSTILE}`] = HOSTILE;
          setup.env['TEMPORAL_ADDRESS'] = HOSTILE;
          setup.request = { processId: '018f3a1c-0000-7000-8000-00000000000a' };
          const healthy = setup.rest;
          setup.rest = (request, response, index) => {
            if (request.method === 'GET' && !request.url.includes('/tenants'))
              sendJson(response, 200, { id: CLIENT_ID, type: 'APPLICATION', name: HOSTILE });
            else if (request.method === 'GET')
              sendJson(response, 200, {
                metadata: { size: 50, page: 0, totalElements: 2, totalPages: 1 },
                content: [1, 2].map((number) => ({
                  id: TENANT.replace('5', String(number)),
                  name: HOSTILE,
                  plan: 'FREE',
                })),
              });
            else healthy(request, response, index);
          };
          const steps = [{ step: HOSTILE, status: 'failed' as const, detail: HOSTILE }];
          setup.project = { workerCheck: () => Promise.resolve({ kind: 'answered', status: 1, steps }) };
        },
      },
    ]);
    expect(unsafeForms(texts, canaries())).toEqual([]);
    // They are included, as escaped text.
    expect(texts.table).toContain('\\u{1b}]0;x');
    expect(rootsOf(report).length).toBeGreaterThan(3);
    // None of their content starts a line.
    for (const text of Object.values(texts)) expect(text).not.toMatch(/^::error::`/m);
  });
});

describe('what was created in KuFlow', () => {
  it('is listed even if it is unusable', async () => {
    const { report } = await diagnoseWithFaults(folder(), materials, [
      {
        make: (setup) => {
          requested(setup);
          const healthy = setup.rest;
          setup.rest = (request, response, index) => {
            const body = request.body.toString();
            const expiredAt = new Date(Date.now() + 3_600_000).toISOString();
            if (body.includes('ENGINE_TOKEN'))
              sendJson(response, 200, { type: 'ENGINE_TOKEN', engineToken: { token: 't'.repeat(70_000), expiredAt } });
            else if (body.includes('ENGINE_CERTIFICATE')) {
              const [serverRootCaCertificate, clientCertificate] = [materials.authority.cert, materials.client.cert];
              const tls = { serverRootCaCertificate, clientCertificate, clientPrivateKey: materials.server.key };
              sendJson(response, 200, { type: 'ENGINE_CERTIFICATE', engineCertificate: { namespace: 'n', tls } });
            } else healthy(request, response, index);
          };
        },
      },
    ]);
    expect(rootsOf(report)).toEqual(['KF-TOKEN-001 fail token-too-long', 'KF-TLS-002 fail certificate-key-mismatch']);
    expect(report.created).toEqual(['engine token', 'engine certificate']);
  });
});

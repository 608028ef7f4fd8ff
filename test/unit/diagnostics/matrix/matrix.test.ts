import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendJson } from '../../../support/answering-server.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import type { Fault, World } from './fault.ts';
import { namedAnswer, pollersAnswer, startAnswer } from './answers.ts';
import { matrix } from './matrix.ts';
import { unsafeForms } from './texts.ts';
import { CLIENT_ID, examineWorld, makeMaterials, rootsOf, SECRET, TENANT, TOKEN, type Materials } from './world.ts';

// Faults are tried side by side, so no folder may go before all are done.
const base = realpathSync(mkdtempSync(join(tmpdir(), 'doctor-matrix-')));
let folders = 0;
const folder = (): string => {
  const path = join(base, String(++folders));
  mkdirSync(path);
  return path;
};
let materials: Materials;

beforeAll(async () => {
  materials = await makeMaterials();
});

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** What no form of a report may hold: secrets as they are, as they are sent, and the lines of a key. */
const canaries = (): readonly string[] => [
  ...[SECRET, TOKEN, 'PRIVATE KEY-', 'canary-password'],
  Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64'),
  ...materials.client.key.split('\n').filter((line) => line.length > 20),
];

const STATUS: Readonly<Record<string, number>> = { fail: 1, unknown: 4, warn: 0 };

describe.each(matrix)('$plane', ({ faults }) => {
  it.concurrent.each(faults)('$name: $root', async (one) => {
    const { report, texts } = await examineWorld(folder(), materials, [one]);
    expect(rootsOf(report), JSON.stringify(report.roots, undefined, 1)).toEqual([one.root]);
    expect(report.status).toBe(STATUS[one.root.split(' ')[1] ?? '']);
    // What a person is to paste is complete: `<` would read a file.
    for (const { text, command = '' } of report.results.flatMap(({ advice }) => advice))
      expect(text + command).not.toMatch(/<[a-z-]+>/);
    expect(unsafeForms(texts, canaries())).toEqual([]);
  });
});

const all = matrix.flatMap(({ plane, faults }) => faults.map((one) => ({ ...one, plane })));
const named = (plane: string, name: string): Fault => {
  const found = all.find((one) => one.plane === plane && one.name === name);
  if (found === undefined) throw new Error(`no fault ${plane}: ${name}`);
  return found;
};
/** Of these each must be told: neither hides the other. */
const APART: readonly (readonly [readonly [string, string], readonly [string, string]])[] = [
  [
    ['Files', 'key that is not there'],
    ['REST and proxy', 'wrong secret (401)'],
  ],
  [
    ['Settings', 'target without a port'],
    ['REST and proxy', 'tenant of somebody else'],
  ],
  [
    ['Settings', 'target that is a URL'],
    ['Token and clock', 'answer without a token'],
  ],
  [
    ['Settings', 'placeholder FILL_ME'],
    ['Engine', 'server without TLS'],
  ],
  [
    ['Files', 'expired certificate'],
    ['Files', 'key that is not there'],
  ],
];
const PAIRS: readonly (readonly [readonly [string, string], readonly [string, string]])[] = [
  [
    ['REST and proxy', 'wrong secret (401)'],
    ['Files', 'key of another certificate'],
  ],
  [
    ['REST and proxy', 'wrong secret (401)'],
    ['Engine', 'nobody listens'],
  ],
  [
    ['REST and proxy', 'KuFlow fails (500)'],
    ['Files', 'expired certificate'],
  ],
  [
    ['Settings', 'placeholder FILL_ME'],
    ['Files', 'key that others may read'],
  ],
  [
    ['Settings', 'placeholder FILL_ME'],
    ['Engine', 'server without TLS'],
  ],
  [
    ['Settings', 'no task queue'],
    ['Engine', 'token that the engine does not take'],
  ],
  [
    ['Settings', 'misspelt key'],
    ['Pollers and project', 'nobody polls'],
  ],
  [
    ['Settings', 'TEMPORAL_ADDRESS of another engine'],
    ['Token and clock', 'clock two minutes ahead'],
  ],
  [
    ['Files', 'key that others may read'],
    ['Files', 'PKCS#1 key'],
  ],
  [
    ['Files', 'certificate that ends in 9 days'],
    ['REST and proxy', 'tenant of somebody else'],
  ],
  [
    ['Files', 'empty certificate'],
    ['Engine', 'certificate for another host'],
  ],
  [
    ['Token and clock', 'clock a year ahead: certificate and token only look expired'],
    ['Engine', 'namespace that does not exist'],
  ],
  [
    ['Token and clock', 'answer without a token'],
    ['Engine', 'server that refuses HTTP/2'],
  ],
  [
    ['Engine', 'interception: certificate of another issuer'],
    ['Pollers and project', 'work waits, and nobody polls'],
  ],
  [
    ['Pollers and project', 'definition with another queue'],
    ['REST and proxy', 'HTML page'],
  ],
  [
    ['Pollers and project', "Temporal's packages of different versions"],
    ['Engine', 'engine that is not ready'],
  ],
];

describe('two faults at once', () => {
  it.concurrent.each(PAIRS)(
    '%s and %s: both roots, or one whose check is skipped because of the other',
    async (first, second) => {
      const pair = [named(...first), named(...second)];
      const { report } = await examineWorld(folder(), materials, pair);
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

const requested = ({ settings, files }: World): void => {
  for (const part of ['cert', 'key', 'ca']) settings[`temporal.mutual-tls.${part}`] = undefined;
  settings['temporal.namespace'] = undefined;
  for (const name of Object.keys(files)) Reflect.deleteProperty(files, name);
};
const HEALTHY: readonly (readonly [string, Fault['make'], readonly string[]])[] = [
  ['certificate files', () => undefined, ['engine token']],
  [
    'inline data with literal line breaks',
    (world) => {
      requested(world);
      world.settings['temporal.namespace'] = 'tenant-1';
      const inline = (pem: string): string => pem.replaceAll('\n', '\\n');
      world.env['TEMPORAL_MUTUALTLS_CERTDATA'] = inline(world.client.cert);
      world.env['TEMPORAL_MUTUALTLS_KEYDATA'] = inline(world.client.key);
      world.env['TEMPORAL_MUTUALTLS_CADATA'] = inline(world.authority.cert);
    },
    ['engine token'],
  ],
  [
    'a certificate issued this moment, and a clock 8 seconds slow',
    async (world) => {
      const pair = await world.authority.issue({ commonName: 'worker', fromDays: 0, toDays: 60 });
      [world.files['tls/client.pem'], world.files['tls/client.key']] = [pair.cert, pair.key];
      world.skew = -8_000;
    },
    ['engine token'],
  ],
  [
    'a poller that was seen at a time that no date can hold',
    (world) => {
      const answers = { DescribeTaskQueue: pollersAnswer([{ identity: '1@host', agoMs: -9e18 }]) };
      world.engine = { ...world.engine, answers };
    },
    ['engine token'],
  ],
  ['a certificate of the API', requested, ['engine token', 'engine certificate']],
  [
    'a proxy on both planes',
    async (world) => {
      const hosts = { 'api.kuflow.test': '127.0.0.1', 'engine.kuflow.test': '127.0.0.1' };
      world.restTls = materials.server;
      world.settings['kuflow.api.ca'] = 'rest-ca.pem';
      world.files['rest-ca.pem'] = world.authority.cert;
      world.endpoint = (port) => `https://api.kuflow.test:${port}`;
      world.target = (port) => `engine.kuflow.test:${port}`;
      const proxy = world.keep(await startConnectProxy({ hosts, credentials: 'user:canary-password' }));
      world.env['HTTPS_PROXY'] = proxy.url.replace('http://', 'http://user:canary-password@');
    },
    ['engine token'],
  ],
  [
    'an engine that restricts reads',
    (world) => {
      const [denied, absent] = [{ code: 7 }, { code: 12 }];
      world.engine = {
        ...world.engine,
        status: {
          GetSystemInfo: absent,
          DescribeNamespace: denied,
          DescribeTaskQueue: denied,
          GetWorkflowExecutionHistory: absent,
        },
      };
      world.request = { processId: '018f3a1c-0000-7000-8000-00000000000a' };
      // As an installed worker answers there, and as one did that took the restriction for a failure.
      const steps = ['settings', 'rest', 'token', 'certificate', 'connect'].map((step) => ({
        ...{ step, status: 'ok' as const, detail: '' },
      }));
      const last = { step: 'namespace', status: 'failed' as const, detail: '7 PERMISSION_DENIED' };
      world.project = {
        workerCheck: () => Promise.resolve({ kind: 'answered', status: 1, steps: [...steps, last] }),
      };
      world.afterwards.push(() => {
        const at = join(world.folder, 'node_modules', '@temporalio', 'worker');
        mkdirSync(at, { recursive: true });
        writeFileSync(join(at, 'package.json'), JSON.stringify({ name: '@temporalio/worker', version: '1.24.0' }));
      });
    },
    ['engine token', "engine token (by the worker's own check)"],
  ],
];

describe('faults of different planes', () => {
  it.concurrent.each(APART)('%s and %s: both roots', async (first, second) => {
    const pair = [named(...first), named(...second)];
    const { report } = await examineWorld(folder(), materials, pair);
    expect([...rootsOf(report)].sort()).toEqual(pair.map(({ root }) => root).sort());
  });
});

describe('a set of which a part is missing', () => {
  it('is not taken for none: KuFlow is not asked for another, and what depends on it names the settings', async () => {
    const { report } = await examineWorld(folder(), materials, [named('Files', 'key that is not there')]);
    const of = (wanted: string) => report.results.find(({ id }) => id === wanted);
    for (const id of ['KF-TLS-001', 'KF-TLS-003', 'KF-TLS-004', 'KF-TLS-005'])
      expect(of(id)).toMatchObject({ state: 'skip', skipped: 'blocked', blockedBy: 'KF-SET-006' });
    expect(of('KF-TLS-001')?.summary).toContain('private key');
    expect(of('KF-TLS-002')).toMatchObject({ skipped: 'not-applicable' });
    expect(of('KF-TLS-002')?.summary).toContain('not requested');
    expect(report.created).toEqual(['engine token']);
  });

  it('is a finding of its own where the settings are not looked at', async () => {
    const alone: Fault['make'] = async (world) => {
      await named('Files', 'key that is not there').make(world);
      world.request = { selection: { only: ['KF-TLS-001'], skip: ['KF-SET-006'] } };
    };
    const { report } = await examineWorld(folder(), materials, [{ make: alone }]);
    expect(rootsOf(report)).toEqual(['KF-TLS-001 fail certificate-incomplete']);
  });
});

describe('an application file that can not be read', () => {
  it('keeps both planes from being checked, and is told once', async () => {
    const { report } = await examineWorld(folder(), materials, [named('Settings', 'application.yaml that is no YAML')]);
    expect(report.results.find(({ id }) => id === 'KF-SET-006')).toMatchObject({ blockedBy: 'KF-SET-001' });
    expect(report.roots.map(({ advice }) => advice[0]?.text)).toEqual(['Correct the file application-local.yaml']);
  });
});

describe('two clocks', () => {
  it("tells a certificate of the engine that only a slightly wrong clock refuses, and skips it where the clock's own check fails", async () => {
    const minute = 1 / 1440;
    const ahead = (world: World): void => {
      const healthy = world.rest;
      world.rest = (request, response, index) => {
        response.setHeader('date', new Date(Date.now() - 2 * 60_000).toUTCString());
        healthy(request, response, index);
      };
    };
    const ends: Fault['make'] = async (world) => {
      ahead(world);
      const life = { fromDays: -1, toDays: -minute };
      const leaf = { commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'], ...life } as const;
      world.engine = { ...world.engine, server: await world.authority.issue(leaf) };
    };
    const { report } = await examineWorld(folder(), materials, [{ make: ends }]);
    expect(rootsOf(report)).toEqual(['KF-TLS-003 fail engine-certificate-by-clock', 'KF-CLOCK-001 warn clock-off']);
    expect(report.status).toBe(1);

    const far = named('Token and clock', "clock ten days ahead: the engine's certificate only looks expired");
    const skipped = (await examineWorld(folder(), materials, [far])).report.results;
    for (const id of ['KF-TLS-003', 'KF-ENGINE-001', 'KF-POLL-001'])
      expect(skipped.find((result) => result.id === id)).toMatchObject({
        ...{ state: 'skip', skipped: 'blocked', blockedBy: 'KF-CLOCK-001' },
      });
    // A run without the check of the clock has nothing else to tell it by.
    const alone: Fault['make'] = async (world) => {
      await far.make(world);
      world.request = { selection: { only: ['KF-TLS-003'], skip: ['KF-CLOCK-001'] } };
    };
    const { report: only } = await examineWorld(folder(), materials, [{ make: alone }]);
    expect(rootsOf(only)).toEqual(['KF-TLS-003 fail engine-certificate-by-clock']);
  });
});

describe('healthy', () => {
  it.each(HEALTHY)('with %s: no warning, and what it makes', async (_name, make, created) => {
    const { report, texts } = await examineWorld(folder(), materials, [{ make }]);
    expect(rootsOf(report)).toEqual([]);
    expect(report).toMatchObject({ status: 0, created });
    expect(unsafeForms(texts, [...canaries(), 'canary'])).toEqual([]);
  });
});

describe('texts from outside', () => {
  const HOSTILE = 'A\u001b]0;x\u0007\u009b2J\u202e\u200b\u2028\r\n::error::`|</td>]]>&%0A%';

  it('mean nothing to a terminal or a page, in every form', async () => {
    const { report, texts } = await examineWorld(folder(), materials, [
      {
        make: async (world) => {
          const ca = await makeTestAuthority(`CA ${HOSTILE.replace(/[\r\n]/g, '')}`);
          const pair = await ca.issue({ commonName: HOSTILE, fromDays: -81, toDays: 9 });
          [world.files['tls/client.pem'], world.files['tls/client.key']] = [pair.cert, pair.key];
          world.engine = {
            clientCa: ca.cert + world.authority.cert,
            answers: {
              GetSystemInfo: namedAnswer(HOSTILE),
              DescribeNamespace: namedAnswer(namedAnswer(HOSTILE)),
              DescribeTaskQueue: pollersAnswer([{ identity: HOSTILE, agoMs: 240_000 }], 3),
              GetWorkflowExecutionHistory: startAnswer(HOSTILE, HOSTILE),
            },
          };
          world.settings['temporal.kuflow-queue'] = HOSTILE;
          world.settings[HOSTILE] = 'x';
          world.settings[`temporal.namespacé${HOSTILE}`] = HOSTILE;
          world.env['TEMPORAL_ADDRESS'] = HOSTILE;
          world.request = { processId: '018f3a1c-0000-7000-8000-00000000000a' };
          const healthy = world.rest;
          world.rest = (request, response, index) => {
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
          world.project = { workerCheck: () => Promise.resolve({ kind: 'answered', status: 1, steps }) };
        },
      },
    ]);
    expect(unsafeForms(texts, canaries())).toEqual([]);
    // They did come through, as text.
    expect(texts.table).toContain('\\u{1b}]0;x');
    expect(rootsOf(report).length).toBeGreaterThan(3);
    // Of what they hold, nothing is a line of its own.
    for (const text of Object.values(texts)) expect(text).not.toMatch(/^::error::`/m);
  });
});

describe('what was made at KuFlow', () => {
  it('is listed though it can not be used', async () => {
    const { report } = await examineWorld(folder(), materials, [
      {
        make: (world) => {
          requested(world);
          const healthy = world.rest;
          world.rest = (request, response, index) => {
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

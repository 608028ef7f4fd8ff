import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { closedPort, sendJson, startAnsweringServer } from '../../../support/answering-server.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { startEngineStub, startTcpServer } from '../../../support/engine-server.ts';
import { pollersAnswer } from '../../../unit/diagnostics/matrix/engine-answers.ts';
import {
  mutations,
  type Mutation,
  type MutationStock,
  type Written,
} from '../../../unit/diagnostics/matrix/mutations.ts';
import { textsOf, unsafeForms } from '../../../unit/diagnostics/matrix/report-texts.ts';
import {
  CLIENT_ID,
  diagnoseFiles,
  kuflow,
  makeMaterials,
  nested,
  rootsOf,
  SECRET,
  TOKEN,
} from '../../../unit/diagnostics/matrix/setup.ts';
import { connectAsWorker } from '../../../unit/diagnostics/matrix/worker-connection.ts';

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const RUNS = Number(process.env['KUFLOW_MUTATIONS'] ?? (SOAK ? 500 : 50));
/** `npm test` always has the same mutations, so that it does not fail by chance. */
const SEED = Number(process.env['KUFLOW_SEED'] ?? (SOAK ? Date.now() % 1_000_000_000 : 1));
const AT_ONCE = 4;
/** Milliseconds for each run of doctor: a busy machine must not look like a fault. */
const LIMIT = 30_000;
const PASSWORD = 'canary-password';
const PROXIED = { rest: 'api.kuflow.test', engine: 'engine.kuflow.test' };

const base = realpathSync(mkdtempSync(join(tmpdir(), 'doctor-mutations-')));
const open: { close(): Promise<unknown> }[] = [];
const keep = <T extends { close(): Promise<unknown> }>(opened: T): T => {
  open.push(opened);
  return opened;
};
let stock: MutationStock;

beforeAll(async () => {
  const { authority, other, server, client } = await makeMaterials();
  const leaf = { commonName: 'worker', fromDays: -30 };
  const healthy = kuflow({ authority, client });
  const rest = keep(
    await startAnsweringServer((request, response, index) => {
      if (/^\/v2024-06-14\/(processes|principals|tenants|authentications)\b/.test(request.url))
        healthy(request, response, index);
      else sendJson(response, 404, { timestamp: new Date().toISOString(), status: 404, message: 'No', errors: [] });
    }, server),
  );
  const answers = { DescribeTaskQueue: () => pollersAnswer([{ identity: '1@host', agoMs: 1_000 }]) };
  const engine = keep(
    await startEngineStub({ server, clientCa: authority.cert, namespace: 'tenant-1', token: TOKEN, answers }),
  );
  const hosts = { [PROXIED.rest]: '127.0.0.1', [PROXIED.engine]: '127.0.0.1' };
  const proxy = keep(await startConnectProxy({ hosts, credentials: `user:${PASSWORD}` }));
  const socks = keep(
    await startTcpServer((socket) =>
      socket.once('data', ([version]) => (version === 5 ? socket.end(Buffer.from([5, 0])) : socket.destroy())),
    ),
  );
  stock = {
    ...{ authority, other, client, server },
    second: await authority.issue({ ...leaf, toDays: 60 }),
    expired: await authority.issue({ ...leaf, toDays: -1 }),
    ports: { rest: rest.port, engine: engine.port, closed: await closedPort(), socks: socks.port },
    proxy: proxy.url.replace('//', `//user:${PASSWORD}@`),
  };
});

afterAll(async () => {
  for (const one of open.reverse()) await one.close();
  rmSync(base, { recursive: true, force: true });
});

type Setup = 'files' | 'issued' | 'proxy';

/** A set of settings with which everything works. */
function healthy(setup: Setup): Written {
  const { authority, client, ports, proxy } = stock;
  const host = (name: string): string => (setup === 'proxy' ? name : '127.0.0.1');
  const given = {
    'temporal.namespace': 'tenant-1',
    'temporal.mutual-tls.cert': 'tls/client.pem',
    'temporal.mutual-tls.key': 'tls/client.key',
    'temporal.mutual-tls.ca': 'tls/ca.pem',
  };
  return {
    app: {
      'kuflow.api.endpoint': `https://${host(PROXIED.rest)}:${ports.rest}`,
      'kuflow.api.ca': 'rest-ca.pem',
      'temporal.target': `${host(PROXIED.engine)}:${ports.engine}`,
      'temporal.kuflow-queue': 'LOANS',
      'worker.health-port': '0',
      'worker.metrics-port': '0',
      ...(setup !== 'issued' && given),
    },
    local: { 'kuflow.api.client-id': CLIENT_ID, 'kuflow.api.client-secret': SECRET },
    env: setup === 'proxy' ? { HTTPS_PROXY: proxy } : {},
    files: {
      'rest-ca.pem': authority.cert,
      ...(setup !== 'issued' && {
        'tls/client.pem': client.cert,
        'tls/client.key': client.key,
        'tls/ca.pem': authority.cert,
      }),
    },
    texts: [],
    skew: 0,
  };
}

function write(folder: string, { app, local, files, texts }: Written): void {
  const changed = (name: string, values: Record<string, string>): string =>
    texts.filter((one) => one.name === name).reduce((text, { change }) => change(text), stringify(nested(values)));
  const all: Record<string, string> = {
    'application.yaml': changed('application.yaml', app),
    'application-local.yaml': changed('application-local.yaml', local),
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, 0o600);
  }
}

interface Case {
  readonly setup: Setup;
  readonly mutation: Mutation;
}

const canaries = (): readonly string[] => [
  ...[SECRET, TOKEN, PASSWORD, 'PRIVATE KEY-', Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64')],
  ...stock.client.key.split('\n').filter((line) => line.length > 20),
];

/** Roots that do not say anything about whether a worker connects. */
const NOT_ABOUT_CONNECTING = /^KF-(FILE|CLOCK|POLL)-/;

/** What doctor and the worker find, as complaints about doctor. */
async function complaints(folder: string, { setup, mutation }: Case): Promise<readonly string[]> {
  const written = healthy(setup);
  mutation.apply(written, stock);
  mkdirSync(folder);
  write(folder, written);
  const { env, skew } = written;
  const report = await diagnoseFiles({ folder, env, skew, request: { timeoutMs: LIMIT } });
  const roots = rootsOf(report);
  const found: string[] = [];
  if (roots.length > 1) found.push(`${roots.length} roots`);
  if (roots.some((root) => root.includes(' crash '))) found.push('a crash');
  for (const { id, advice } of report.roots) if (advice.length === 0) found.push(`${id} has no advice`);
  found.push(...unsafeForms(textsOf(report), canaries()));
  // The worker has this machine's clock.
  if (written.skew === 0) {
    const worker = await connectAsWorker(folder, written.env);
    const failed = report.roots.filter(({ id, state }) => state === 'fail' && !NOT_ABOUT_CONNECTING.test(id));
    if (!worker.connects && worker.why.startsWith('no result')) found.push('the worker hangs');
    const unclear = report.roots.some(({ state }) => state === 'unknown');
    if (worker.connects && failed.length > 0) found.push('the worker connects');
    if (!worker.connects && failed.length === 0 && !unclear) found.push(`the worker does not connect: ${worker.why}`);
  }
  if (found.length === 0) return [];
  const said = report.roots.map(
    ({ id, state, cause, summary }) => `    ${id} ${state} ${cause?.code ?? '?'}: ${summary}`,
  );
  return [`${setup}, ${mutation.name}: ${found.join('; ')}`, ...said];
}

describe('a healthy set of settings', () => {
  it.each(['files', 'issued', 'proxy'] as const)('has no root before it is changed: %s', async (setup) => {
    const none: Mutation = { name: 'nothing', apply: () => undefined };
    expect(await complaints(join(base, setup), { setup, mutation: none })).toEqual([]);
  });

  it(
    `has one root or none after a random change, and the worker agrees: ${RUNS} changes, seed ${SEED}`,
    { timeout: 600_000 },
    async () => {
      const cases = fc.sample(
        fc.record({ setup: fc.constantFrom<Setup>('files', 'files', 'issued', 'proxy'), mutation: mutations }),
        { numRuns: RUNS, seed: SEED },
      );
      const suspects: Case[] = [];
      const left = [...cases.entries()];
      const work = async (): Promise<void> => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          const [index, one] = next;
          if ((await complaints(join(base, String(index)), one)).length > 0) suspects.push(one);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      // Alone, no check runs out of time because of the others.
      const lines: string[] = [];
      for (const [index, one] of suspects.entries())
        lines.push(...(await complaints(join(base, `again-${index}`), one)));
      expect(lines, lines.join('\n')).toEqual([]);
    },
  );
});

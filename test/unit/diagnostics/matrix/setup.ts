import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { readGitState } from '../../../../src/files/git-state.ts';
import { runDoctorChecks } from '../../../../src/commands/doctor/run-checks.ts';
import type { DoctorReport } from '../../../../src/diagnostics/report-and-exit-status.ts';
import { resolveSettings } from '../../../../src/settings/precedence.ts';
import { type Answerer, sendJson, startAnsweringServer } from '../../../support/answering-server.ts';
import { makeTestAuthority, type TestAuthority, type TestPair } from '../../../support/certificates.ts';
import { startEngineStub } from '../../../support/engine-server.ts';
import { pollersAnswer } from './engine-answers.ts';
import type { Fault, TestSetup } from './fault.ts';
import { textsOf, type Texts } from './report-texts.ts';

export const CLIENT_ID = '3f1c5c2e-8a55-4f0c-9a44-3f2f3f0f9b10';
export const TENANT = '5b0a6f0e-5f3b-4b5f-8a38-1c2d3e4f5a6b';
export const SECRET = 'canary-client-secret';
export const TOKEN = 'canary-engine-token';

export interface Materials {
  readonly authority: TestAuthority;
  readonly other: TestAuthority;
  readonly server: TestPair;
  readonly client: TestPair;
}

export async function makeMaterials(): Promise<Materials> {
  const [authority, other] = [await makeTestAuthority(), await makeTestAuthority('Other CA')];
  const hosts = ['127.0.0.1', 'localhost', 'api.kuflow.test', 'engine.kuflow.test'];
  return {
    ...{ authority, other },
    server: await authority.issue({ commonName: 'server', usage: 'server', hosts }),
    client: await authority.issue({ commonName: 'worker', fromDays: -1, toDays: 60 }),
  };
}

/** The parts of KuFlow's REST API that doctor calls. */
export function kuflow({ authority, client }: Pick<Materials, 'authority' | 'client'>, secret = SECRET): Answerer {
  return (request, response) => {
    const kind =
      request.method === 'POST' ? (JSON.parse(request.body.toString()) as { type: string }).type : request.url;
    if (request.headers.authorization !== `Basic ${Buffer.from(`${CLIENT_ID}:${secret}`).toString('base64')}`)
      sendJson(response, 401, errorBody(401));
    else if (kind === 'ENGINE_TOKEN')
      sendJson(response, 200, {
        type: kind,
        engineToken: { token: TOKEN, expiredAt: new Date(Date.now() + 3_600_000).toISOString() },
      });
    else if (kind === 'ENGINE_CERTIFICATE') {
      const tls = {
        serverRootCaCertificate: authority.cert,
        clientCertificate: client.cert,
        clientPrivateKey: client.key,
      };
      sendJson(response, 200, { type: kind, engineCertificate: { namespace: 'tenant-1', tls } });
    } else if (kind.includes('/tenants')) sendJson(response, 200, tenantPage([TENANT]));
    else sendJson(response, 200, { id: CLIENT_ID, type: 'APPLICATION', name: 'Loan worker' });
  };
}

export function tenantPage(ids: readonly string[]): object {
  const metadata = { size: 50, page: 0, totalElements: ids.length, totalPages: 1 };
  return { metadata, content: ids.map((id) => ({ id, name: 'Tenant', plan: 'FREE' })) };
}

export function errorBody(status: number): object {
  return { timestamp: new Date().toISOString(), status, message: 'No', errors: [] };
}

/** Addresses and settings of a running setup, for programs other than doctor. */
export interface RunningSetup {
  readonly folder: string;
  readonly endpoint: string;
  readonly target: string;
  readonly proxy: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Contents of the application files, by flat key. */
  readonly settings: Readonly<Record<string, string | undefined>>;
}

export interface Diagnosis {
  readonly report: DoctorReport;
  readonly texts: Texts;
  /** After the advice of the root was followed; undefined if no fault says how. */
  readonly followed: DoctorReport | undefined;
}

/** Breaks a healthy setup with all `faults`, in order, runs doctor on it, and once more after its advice was followed. */
export async function diagnoseWithFaults(
  folder: string,
  materials: Materials,
  faults: readonly Pick<Fault, 'make' | 'follow'>[],
  visit?: (running: RunningSetup) => Promise<void>,
): Promise<Diagnosis> {
  const open: (() => Promise<unknown>)[] = [];
  const { authority, other, client, server } = materials;
  const setup: TestSetup = {
    ...{ folder, authority, other, client },
    settings: {
      'temporal.kuflow-queue': 'LOANS',
      // Another program on this machine may use the default ports.
      'worker.health-port': '0',
      'worker.metrics-port': '0',
      'temporal.namespace': 'tenant-1',
      'temporal.mutual-tls.cert': 'tls/client.pem',
      'temporal.mutual-tls.key': 'tls/client.key',
      'temporal.mutual-tls.ca': 'tls/ca.pem',
    },
    local: { 'kuflow.api.client-id': CLIENT_ID, 'kuflow.api.client-secret': SECRET },
    env: {},
    files: { 'tls/client.pem': client.cert, 'tls/client.key': client.key, 'tls/ca.pem': authority.cert },
    modes: { 'tls/client.key': 0o600, 'application-local.yaml': 0o600 },
    afterwards: [],
    rest: kuflow(materials),
    restTls: undefined,
    endpoint: undefined,
    engine: { answers: { DescribeTaskQueue: pollersAnswer([{ identity: '1@host', agoMs: 1_000 }]) } },
    target: undefined,
    repair: undefined,
    skew: 0,
    request: {},
    project: undefined,
    keep: (opened) => {
      open.push(() => opened.close());
      return opened;
    },
  };
  try {
    for (const { make } of faults) await make(setup);
    const rest = setup.keep(await startAnsweringServer((...call) => setup.rest(...call), setup.restTls));
    const engine = setup.keep(await startEngineStub({ server, clientCa: authority.cert, ...setup.engine }));
    const writeAll = (): void => {
      setup.settings['kuflow.api.endpoint'] ??= setup.endpoint?.(rest.port) ?? rest.url;
      setup.settings['temporal.target'] ??= setup.target?.(engine.port) ?? engine.address;
      write(setup);
    };
    writeAll();
    for (const step of setup.afterwards) await step();
    const { env, settings } = setup;
    await visit?.({
      ...{ folder, env, settings: { ...settings, ...setup.local } },
      endpoint: settings['kuflow.api.endpoint'] ?? '',
      target: settings['temporal.target'] ?? '',
      proxy: settings['temporal.proxy'] ?? env['HTTPS_PROXY'],
    });
    const report = await diagnose(setup);
    const follow = faults.find((one) => one.follow !== undefined)?.follow;
    await follow?.(setup, report.roots[0]?.advice ?? [], writeAll);
    const followed = follow === undefined ? undefined : await diagnose(setup);
    return { report, texts: textsOf(report), followed };
  } finally {
    for (const close of open.splice(0).reverse()) await close();
  }
}

/** Runs doctor on the files and servers of a setup that has been written. */
export async function diagnose(setup: TestSetup): Promise<DoctorReport> {
  return await diagnoseFiles(setup);
}

/** Runs doctor on a folder. */
export async function diagnoseFiles({
  folder,
  env,
  skew,
  project,
  request,
}: Pick<TestSetup, 'folder' | 'env' | 'skew'> &
  Partial<Pick<TestSetup, 'project' | 'request'>>): Promise<DoctorReport> {
  return await runDoctorChecks({
    settings: await resolveSettings({
      env,
      files: { dir: folder },
      cwd: folder,
      required: ['kuflow.api.client-id', 'kuflow.api.client-secret'],
    }),
    folder,
    env,
    inProject: true,
    git: (path) => readGitState(path, process.env),
    platform: process.platform,
    selection: {},
    timeoutMs: 30_000,
    failOnWarn: false,
    clock: { now: () => Date.now() + skew, sleep: () => Promise.resolve() },
    ...(project && {
      project: {
        processes: () => Promise.resolve([]),
        drift: () => Promise.resolve({ kind: 'compared', files: [] }),
        ...project,
      },
    }),
    ...request,
  });
}

function write({ folder, settings, local, files, modes }: TestSetup): void {
  const all: Record<string, string | Buffer> = {
    'application.yaml': stringify(nested(settings)),
    'application-local.yaml': stringify(nested(local)),
    ...files,
  };
  for (const [name, contents] of Object.entries(all)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
    chmodSync(path, modes[name] ?? 0o644);
  }
}

/** Flat keys as a tree. */
export function nested(flat: Record<string, string | undefined>): object {
  const tree: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(flat)) {
    if (value === undefined) continue;
    const steps = key.split('.');
    let at = tree;
    for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>;
    at[steps.at(-1) ?? ''] = value;
  }
  return tree;
}

/** Root causes as `<id> <state> <code>`. */
export function rootsOf({ roots }: DoctorReport): readonly string[] {
  return roots.map(({ id, state, cause }) => `${id} ${state} ${cause?.code ?? '?'}`);
}

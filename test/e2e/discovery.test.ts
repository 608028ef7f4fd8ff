import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { CANARY, NEWEST_VERSION, TENANT, startLargeTenant, uuid } from '../support/large-tenant.ts';
import type { LargeTenant } from '../support/large-tenant.ts';

const SECRET = 'canarysecret';
/** Matches values, id-like keys and names of the tenant's instances in any form. */
// Seven digits within a longer hexadecimal number are part of a file's hash.
const INSTANCE_VALUES = new RegExp(
  `${CANARY}|(?<![0-9a-f])777\\d{4}(?![0-9a-f])|@example\\.org|${uuid(7, 1).slice(0, 20)}`,
);

let tenant: LargeTenant;
let folder: string;

beforeEach(async () => {
  tenant = await startLargeTenant();
  folder = await mkdtemp(join(inject('runFolder'), 'discovery-'));
});

afterEach(() => tenant.close());

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function packed(command: 'kuflow' | 'create-kuflow-worker', args: readonly string[], extra: NodeJS.ProcessEnv = {}) {
  const script = join(inject('cliFolder'), 'node_modules', 'create-kuflow-worker', 'bin', `${command}.js`);
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:KUFLOW_|TEMPORAL_)/.test(name));
  const env = { ...Object.fromEntries(inherited), HOME: folder, XDG_CACHE_HOME: join(folder, 'cache'), ...extra };
  return new Promise<Ended>((resolve) => {
    const child = execFile(process.execPath, [script, ...args], { cwd: folder, env }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
    child.stdin?.end();
  });
}

async function filesBelow(path: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)));
}

describe('discovery with the packed command', () => {
  it('creates a worker from 100,000 processes with real data shapes, no instance values, and the secret in one file', async () => {
    await writeFile(join(folder, 'secret'), `${SECRET}\n`, { mode: 0o600 });
    const { status, out, err } = await packed('create-kuflow-worker', [
      'loan-worker',
      ...['--process', 'LOAN', '--sample', '25', '--task-queue', 'LOAN_QUEUE', '--workflow-type', 'LoanWorkflow'],
      ...['--endpoint', tenant.endpoint, '--client-id', uuid(8, 1), '--client-secret-file', 'secret'],
      ...['--no-install', '--no-check', '--yes', '--debug'],
    ]);
    expect(err + out).not.toMatch(INSTANCE_VALUES);
    expect(err + out).not.toContain(SECRET);
    expect(status, err).toBe(0);
    expect(tenant.requests.length).toBeLessThanOrEqual(30);

    const files = await filesBelow(folder);
    const definition = [...files].find(([path]) => path.endsWith('kuflow.process.yaml'))?.[1] ?? '';
    for (const text of ['APPLY', 'SCORE', 'APPROVE', 'NOTIFY', 'TALK', 'kuflow-file', NEWEST_VERSION, TENANT]) {
      expect(definition).toContain(text);
    }
    const holding = (pattern: RegExp) => [...files].filter(([, text]) => pattern.test(text)).map(([path]) => path);
    expect(holding(INSTANCE_VALUES)).toEqual([]);
    expect(holding(new RegExp(SECRET)).sort()).toEqual([
      join(folder, 'loan-worker', 'application-local.yaml'),
      join(folder, 'secret'),
    ]);
  });

  it('reads no instances without a terminal unless --sample is given', async () => {
    const connection = {
      KUFLOW_API_ENDPOINT: tenant.endpoint,
      KUFLOW_API_CLIENTID: uuid(8, 1),
      KUFLOW_API_CLIENTSECRET: SECRET,
    };
    const shown = await packed('kuflow', ['definitions', 'show', 'LOAN', '--json'], connection);
    expect(shown.status, shown.err).toBe(0);
    expect(JSON.parse(shown.out)).toMatchObject({ evidence: { read: 0 }, definition: { process: { code: 'LOAN' } } });
    expect(tenant.requests.filter((line) => /process(es|-items)\/[^?]/.test(line))).toEqual([]);
    const listed = await packed('kuflow', ['definitions', 'list', '--json'], connection);
    expect(JSON.parse(listed.out)).toMatchObject({ complete: false });
    // Nothing is left behind, not even a cache or a log.
    expect(await filesBelow(folder)).toEqual(new Map());
  });
});

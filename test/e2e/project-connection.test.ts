import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { closedPort } from '../support/answering-server.ts';
import { packedCommand, type CommandEnd } from '../support/packed-command.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { treeOf } from '../support/tree.ts';

interface Answer {
  readonly status: number;
  readonly check: {
    readonly kind: string;
    readonly results: readonly { readonly id: string; readonly state: string; readonly skipped?: string }[];
  };
}

const DEFINITION =
  'process: { code: LOAN }\nworkflow: { type: LoanWorkflow, task-queue: LOAN_QUEUE }\ntasks: [{ code: APPLY, kind: human }]\n';

let running: TestPlatform;
let secret: string;
let folder: string;

beforeAll(async () => {
  running = await startTestPlatform();
  secret = running.platform.identity.application.secret.reveal();
});

afterAll(() => running.remove());

beforeEach(() => {
  folder = mkdtempSync(join(inject('runFolder'), 'connection-'));
  writeFileSync(join(folder, 'definition.yaml'), DEFINITION);
  writeFileSync(join(folder, 'secret'), `${secret}\n`, { mode: 0o600 });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Creates a project for the platform with flags only. A flag that is undefined in `over` is left out. */
function create(over: Readonly<Record<string, string | undefined>> = {}, ...more: string[]): Promise<CommandEnd> {
  const { endpoints, identity, caFile } = running.platform;
  const options: Readonly<Record<string, string | undefined>> = {
    definition: 'definition.yaml',
    endpoint: endpoints.https,
    target: endpoints.engine,
    ca: caFile,
    'client-id': identity.application.id,
    'client-secret-file': 'secret',
    ...over,
  };
  const flags = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return packedCommand('create-kuflow-worker', ['worker', ...flags, '--no-install', '--no-git', '--yes', ...more], {
    cwd: folder,
  });
}

function answerOf({ out, err }: CommandEnd): Answer {
  expect(out, err).toMatch(/^\{/);
  return JSON.parse(out) as Answer;
}

/** Step ids by state, without the steps that do not apply to this connection. */
function steps({ check }: Answer): Readonly<Record<string, readonly string[]>> {
  const results = check.results.filter(({ skipped }) => skipped !== 'not-applicable');
  return Object.fromEntries(
    [...new Set(results.map(({ state }) => state))].map((state) => [
      state,
      results.filter((result) => result.state === state).map(({ id }) => id),
    ]),
  );
}

describe('the final check of create', () => {
  it('passes against the KuFlow from the flags, with the secret in one file only', async () => {
    const ended = await create();
    expect(ended.status, ended.err).toBe(0);
    const lines = ended.err.split('\n').filter((line) => /^✔ (REST|Engine|Issued)/.test(line));
    expect(lines.map((line) => line.slice(2).split(/[:(]/)[0]?.trim())).toEqual([
      'REST API settings',
      'Engine settings',
      'REST credentials',
      'Engine token',
      'Issued engine certificate',
      'Engine TLS handshake',
      'Engine connection',
      'Engine namespace',
    ]);
    expect(ended.out + ended.err).not.toContain(secret);
    const project = join(folder, 'worker');
    const holding = [...treeOf(project)].filter(([, text]) => text.includes(secret)).map(([path]) => path);
    expect(holding).toEqual(['application-local.yaml']);
    if (process.platform !== 'win32')
      expect(statSync(join(project, 'application-local.yaml')).mode & 0o777).toBe(0o600);
  });

  it('prints the same result as JSON', async () => {
    const answer = answerOf(await create({}, '--json'));
    expect(answer.status).toBe(0);
    expect(Object.keys(steps(answer))).toEqual(['pass']);
    expect(steps(answer)['pass']).toHaveLength(8);
  });

  it('fails with 1 at a wrong secret, and keeps the project', async () => {
    writeFileSync(join(folder, 'secret'), 'canary-wrong-secret\n');
    const ended = await create();
    expect(ended.status).toBe(1);
    expect(ended.err).toMatch(/^✔ REST API settings/m);
    const failed = ended.err.split('\n').filter((line) => /^[✖✗×]/.test(line));
    expect(failed).toHaveLength(1);
    expect(failed[0]).toContain('REST credentials');
    expect(failed[0]).toContain('401');
    expect(ended.err).not.toMatch(/^✔ (?!Engine settings)(Engine|Issued|TLS)/m);
    expect(ended.out + ended.err).not.toContain('canary-wrong-secret');
    expect(readFileSync(join(folder, 'worker', 'application-local.yaml'), 'utf8')).toContain('canary-wrong-secret');
    expect(existsSync(join(folder, 'worker', 'package.json'))).toBe(true);
  });

  it('reports an untrusted certificate authority, and an engine that refuses connections', async () => {
    const untrusted = answerOf(await create({ ca: undefined }, '--json'));
    expect(untrusted.status).toBe(1);
    expect(steps(untrusted)['fail']).toEqual(['KF-REST-001']);
    rmSync(join(folder, 'worker'), { recursive: true });

    const target = `127.0.0.1:${await closedPort()}`;
    const silent = answerOf(await create({ target }, '--json'));
    expect(silent.status).toBe(1);
    expect(steps(silent)['fail']).toEqual(['KF-TLS-003']);
    expect(JSON.stringify(silent.check)).toContain(target);
  });
});

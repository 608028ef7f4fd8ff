import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { interruptedError, type KnownError } from '../../../../src/base/errors.ts';
import { gitEnvironment } from '../../../../src/files/git-state.ts';
import { ensurePlatform } from '../../../../src/platform/session/attach.ts';
import {
  startDevPlatform,
  type DevEvent,
  type DevPlatform,
  type DevPlatformRequest,
} from '../../../../src/platform/session/start-dev-platform.ts';
import { simulate } from '../../../../src/commands/dev/simulate/simulation.ts';
import type { SimulationView } from '../../../../src/commands/dev/simulate/view.ts';
import { parseDefinition } from '../../../../src/process/definition/file.ts';
import { pidLockHolder } from '../../../../src/files/lock.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { supervisorEntry } from '../../../support/supervisor-entry.ts';
import { temporalPath } from '../../../support/temporal-path.ts';
import { leaveRunningState } from '../../../support/running-state.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const newFolder = temporaryFolders();

const SERVED = `
process: { code: LOAN }
workflow: { type: LoanWorkflow, task-queue: Q }
tasks: [{ code: APPLY, kind: human, data: { schema: { type: object, properties: { a: {}, b: {} } } } }]
`;
const WRITTEN_OTHERWISE = `
# The same.
tasks:
  - { kind: human, data: { schema: { properties: { b: {}, a: {} }, type: object } }, code: APPLY }
workflow: { task-queue: Q, type: LoanWorkflow }
process: { code: LOAN }
`;
const CHANGED = `${SERVED.trimEnd().slice(0, -1)}, { code: EXTRA, kind: human }]`;
const OTHER = SERVED.replace('LOAN', 'OTHER');

let folder: string;
let running: { close(): void } | undefined;

async function runs(): Promise<void> {
  const stateDir = join(folder, '.kuflow', 'dev');
  mkdirSync(stateDir, { recursive: true });
  running = await leaveRunningState(stateDir, await parseDefinition(SERVED, 'served.yaml'));
}

const request = (): DevPlatformRequest => ({
  cwd: folder,
  env: {},
  report: () => undefined,
  signal: new AbortController().signal,
});

const attach = async (definition: string): Promise<boolean> => {
  writeFileSync(join(folder, 'p.yaml'), definition);
  return (await ensurePlatform({ ...request(), definitionFiles: ['p.yaml'] })).owned;
};

beforeEach(() => {
  folder = newFolder();
});
afterEach(() => {
  running?.close();
  running = undefined;
});

describe('a running platform', () => {
  it('is used for the same definition, even if it is formatted differently', async () => {
    await runs();
    expect(await attach(SERVED)).toBe(false);
    expect(await attach(WRITTEN_OTHERWISE)).toBe(false);
  });

  it('is rejected for a different definition, with next steps', async () => {
    await runs();
    const next = ['Restart it with this definition, or use another folder with --state-dir'];
    await expect(attach(CHANGED)).rejects.toMatchObject({
      message: `The running local KuFlow (pid ${process.pid}) serves a different definition of LOAN`,
      status: 2,
      next,
    });
    await expect(attach(OTHER)).rejects.toMatchObject({
      message: `The running local KuFlow (pid ${process.pid}) does not serve OTHER, only LOAN`,
      next,
    });
  });

  it('can run commands with a changed definition, but not simulate it', async () => {
    await runs();
    writeFileSync(join(folder, 'kuflow.process.yaml'), CHANGED);
    const platform = await ensurePlatform(request());
    expect(platform.owned).toBe(false);
    expect(platform.mismatches).toEqual([
      `The running local KuFlow (pid ${process.pid}) serves a different definition of LOAN`,
    ]);
    const steps: string[] = [];
    const error = await simulate({
      ...request(),
      command: ['no-such-program'],
      timeoutMs: 1,
      output: 'stderr',
      view: new Proxy({}, { get: (_, step) => () => steps.push(String(step)) }) as SimulationView,
    }).catch((thrown: unknown) => thrown as KnownError);
    expect(error).toMatchObject({ status: 2 });
    expect((error as KnownError).message).toContain('serves a different definition of LOAN');
    expect(steps).toEqual(['attached']);
  });
});

describe('a project without kuflow.process.yaml', () => {
  const attempt = (): Promise<DevPlatform> =>
    ensurePlatform({ ...request(), env: process.env, temporalPath: 'no-such-program' });
  const git = (...words: string[]): void => {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...identity, ...words], { cwd: folder, env: gitEnvironment(process.env), stdio: 'pipe' });
  };
  beforeEach(() => {
    mkdirSync(join(folder, '.kuflow'));
    writeFileSync(join(folder, '.kuflow', 'project.json'), '{}');
  });

  it('is an error that says how to restore the file, even if a platform is running', async () => {
    const missing = {
      status: 2,
      message: 'kuflow.process.yaml is missing in this project',
      tried: folder,
      next: [expect.stringContaining('.kuflow/project.json'), expect.stringContaining('--definition')],
    };
    await expect(attempt()).rejects.toMatchObject(missing);
    await runs();
    await expect(attempt()).rejects.toMatchObject(missing);
    mkdirSync(join(folder, 'processes'));
    writeFileSync(join(folder, 'processes', 'other.process.yaml'), OTHER);
    await expect(attempt()).rejects.toMatchObject(missing);
  });

  it('names a git command that works if the last commit has the file', async () => {
    const file = join(folder, 'kuflow.process.yaml');
    writeFileSync(file, SERVED);
    git('init', '--quiet');
    git('add', 'kuflow.process.yaml');
    git('commit', '--quiet', '-m', 'x');
    git('rm', '--quiet', 'kuflow.process.yaml');
    const command = 'git checkout HEAD -- kuflow.process.yaml';
    await expect(attempt()).rejects.toMatchObject({
      next: [expect.stringContaining(command), expect.anything()],
    });
    git(...command.split(' ').slice(1));
    expect(readFileSync(file, 'utf8')).toBe(SERVED);
  });

  it('can serve another file', async () => {
    await runs();
    expect(await attach(SERVED)).toBe(false);
  });
});

describe('a platform that another process is just starting', () => {
  const built = mkdtempSync(join(tmpdir(), 'kuflow-owner-'));
  const program = join(built, 'owner-child.mjs');
  afterAll(() => rmSync(built, { recursive: true, force: true }));
  beforeAll(() =>
    build({
      entryPoints: [join(import.meta.dirname, '..', '..', '..', 'support', 'owner-child.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    }),
  );

  /** Attaches while another process owns the folder; `then` is called once the wait has begun. */
  async function attachWhileOwned(
    then: (owner: { readonly pid: number; ready(): void; end(): void; interrupt(): void }) => void,
  ): Promise<{ readonly pid: number; readonly events: DevEvent[]; readonly platform: Promise<DevPlatform> }> {
    const stateDir = join(folder, '.kuflow', 'dev');
    mkdirSync(stateDir, { recursive: true });
    const child = spawn(process.execPath, [program, stateDir], { stdio: ['pipe', 'pipe', 'inherit'] });
    const pid = child.pid ?? 0;
    owner = { close: () => child.stdin.end(), gone: once(child, 'exit') };
    await once(child.stdout, 'data');
    const interruption = new AbortController();
    const events: DevEvent[] = [];
    const report = (event: DevEvent): void => {
      events.push(event);
      if (event.kind !== 'awaiting') return;
      then({
        pid,
        ready: () => child.stdin.write('ready\n'),
        end: () => child.stdin.end(),
        interrupt: () => interruption.abort(interruptedError()),
      });
    };
    const platform = ensurePlatform({ ...request(), report, temporalPath: 'none', signal: interruption.signal });
    return { pid, events, platform };
  }

  let owner: { close(): void; readonly gone: Promise<unknown> } | undefined;
  afterEach(async () => {
    owner?.close();
    await owner?.gone;
    owner = undefined;
  });

  it('is awaited and used', async () => {
    const { pid, events, platform } = await attachWhileOwned((other) => other.ready());
    expect(await platform).toMatchObject({ owned: false, state: { pid } });
    expect(events).toEqual([
      { kind: 'awaiting', pid },
      { kind: 'awaited', pid, ready: true },
    ]);
  });

  it('is awaited, and replaced by a new one if it ends', async () => {
    const { pid, events, platform } = await attachWhileOwned((other) => other.end());
    // The new platform fails when it looks for the Temporal server.
    await expect(platform).rejects.toThrow(join(folder, 'none'));
    expect(events.slice(0, 2)).toEqual([
      { kind: 'awaiting', pid },
      { kind: 'awaited', pid, ready: false },
    ]);
  });

  it('is awaited until an interrupt', async () => {
    const { platform } = await attachWhileOwned((other) => other.interrupt());
    await expect(platform).rejects.toMatchObject({ status: 130 });
  });
});

describe('startDevPlatform', () => {
  it('stops the platform if its state file cannot be written', async () => {
    const stateDir = join(folder, '.kuflow', 'dev');
    const anyPort = { kind: 'exact', port: 0 } as const;
    const platform = {
      supervisorEntry: await supervisorEntry(),
      ports: { http: anyPort, https: anyPort, engine: anyPort },
    };
    let owner: number | undefined;
    const report = (event: DevEvent): void => {
      if (event.kind !== 'ready' || event.part !== 'rest') return;
      owner = pidLockHolder(join(stateDir, 'state.db.owner'));
      mkdirSync(join(stateDir, 'platform.json', 'occupied'), { recursive: true });
    };
    const starting = startDevPlatform({
      ...request(),
      definitions: [sampleDefinition()],
      env: process.env,
      temporalPath: await temporalPath(),
      platform,
      report,
    });
    await expect(starting).rejects.toThrow('platform.json');
    expect(owner).toBe(process.pid);
    expect(pidLockHolder(join(stateDir, 'state.db.owner'))).toBeUndefined();
  }, 120_000);
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { Secret } from '../../../../src/base/secret.ts';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import { storeProfile } from '../../../../src/profiles/store.ts';
import { runWorkerCheck } from '../../../../src/commands/doctor/worker-check.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { answering, STAND_IN_COMMAND, standInStep, standInWorker } from '../../../support/stand-in-worker.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';

const folder = temporaryFolders();
const ENV = { PATH: process.env['PATH'] };

function worker(main: string): string {
  const at = folder();
  standInWorker(at, main);
  return at;
}

const check = (
  main: string,
  { at, signal, limitMs }: { readonly at?: string; readonly signal?: AbortSignal; readonly limitMs?: number } = {},
): ReturnType<typeof runWorkerCheck> =>
  runWorkerCheck(STAND_IN_COMMAND, at ?? worker(main), ENV, {
    signal: signal ?? new AbortController().signal,
    limitMs: limitMs ?? 60_000,
  });

const why = async (main: string): Promise<string> => {
  const answer = await check(main);
  if (answer.kind !== 'failed') throw new Error(`answered: ${JSON.stringify(answer)}`);
  return answer.why;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
/** Start of a stand-in worker that writes its process ID to a file. */
const WRITE_PID = "import { writeFileSync } from 'node:fs';\nwriteFileSync('pid', String(process.pid));\n";
const KEEP_RUNNING = 'setInterval(() => undefined, 1000);\n';
const pidIn = (at: string): number => Number(readFileSync(join(at, 'pid'), 'utf8'));

describe('runWorkerCheck', () => {
  it('reports the error message if there is no result', async () => {
    expect(await why("import 'not-installed';")).toMatch(/^status 1, Error \[ERR_MODULE_NOT_FOUND\]: .*not-installed/);
    expect(await why("throw new TypeError('no queue');")).toBe('status 1, TypeError: no queue');
    expect(await why("throw new Error('outer', { cause: new Error('inner') });")).toMatch(/^status 1, .*(outer|inner)/);
    expect(await why('const = 1;')).toMatch(/^status 1, SyntaxError: /);
    const logged = { time: 't', level: 'ERROR', message: 'The worker could not start', error: 'Error: why' };
    expect(await why(`console.error(${JSON.stringify(JSON.stringify(logged))}); process.exitCode = 1;`)).toBe(
      'status 1, The worker could not start: Error: why',
    );
    expect(await why("console.error('Usage: node main.js'); process.exitCode = 2;")).toBe(
      'status 2, Usage: node main.js',
    );
    // Node prints warnings later.
    expect(
      await why("process.emitWarning('old', 'DeprecationWarning'); console.error('No queue'); process.exitCode = 1;"),
    ).toBe('status 1, No queue');
    expect(await why("process.kill(process.pid, 'SIGTERM');" + KEEP_RUNNING)).toBe('SIGTERM');
  });

  it('returns the result of a process that keeps running, and kills it', async () => {
    const at = worker(WRITE_PID + answering(standInStep('settings', 'ok')) + KEEP_RUNNING);
    expect(await check('', { at })).toMatchObject({ kind: 'answered', steps: [{ step: 'settings', status: 'ok' }] });
    await until('the worker is gone', () => !isAlive(pidIn(at)));
  });

  it('passes the time limit to the worker and kills it when the signal aborts', async () => {
    const at = worker(`${WRITE_PID}writeFileSync('limit', process.env.KUFLOW_WORKER_CHECK_SECONDS);\n${KEEP_RUNNING}`);
    const stop = new AbortController();
    const ended = check('', { at, signal: stop.signal, limitMs: 1_500 });
    const limit = await until('it runs', () => {
      const file = join(at, 'limit');
      // The file exists before its text does.
      return existsSync(file) && (readFileSync(file, 'utf8') || undefined);
    });
    expect(limit).toBe('1.5');
    stop.abort();
    expect(await ended).toEqual({ kind: 'stopped' });
    await until('the worker is gone', () => !isAlive(pidIn(at)));
  });
});

const ID = '3f1c5c2e-8a55-4f0c-9a44-3f2f3f0f9b10';
const TENANT = '5b0a6f0e-5f3b-4b5f-8a38-1c2d3e4f5a6b';
const KEEP_ENV = "import { writeFileSync } from 'node:fs';\nwriteFileSync('env.json', JSON.stringify(process.env));\n";

interface Printed {
  readonly results: readonly { readonly id: string; readonly state: string; readonly summary: string }[];
}

describe('the settings of the worker that doctor runs', () => {
  /** Runs `doctor --only KF-WORK-001` and returns the environment of its worker. */
  async function seen(
    argv: readonly string[],
    given: {
      readonly at?: string;
      readonly cwd?: string;
      readonly env?: NodeJS.ProcessEnv;
      readonly yaml?: string;
    } = {},
  ): Promise<{ env?: Record<string, string>; printed: Printed; out: string }> {
    const at = given.at ?? worker(KEEP_ENV + answering(standInStep('settings', 'ok')));
    writeFileSync(join(at, 'application.yaml'), `temporal:\n  kuflow-queue: Q\n${given.yaml ?? ''}`);
    const env = { ...ENV, ...given.env };
    const fake = fakeHost(['doctor', '--only', 'KF-WORK-001', '--json', ...argv], { cwd: given.cwd ?? at, env });
    await runProgram(
      { name: 'kuflow', description: '', version: '0', invocation: 'npx kuflow', commands: kuflowEntries },
      fake.host,
    );
    const file = join(at, 'env.json');
    return {
      ...(existsSync(file) && { env: JSON.parse(readFileSync(file, 'utf8')) as Record<string, string> }),
      printed: JSON.parse(fake.stdout()) as Printed,
      out: fake.stdout() + fake.stderr(),
    };
  }

  it('include options, with paths relative to the working directory', async () => {
    const at = worker(KEEP_ENV + answering(standInStep('settings', 'ok')));
    const cwd = join(at, 'src');
    writeFileSync(join(cwd, 'ca.pem'), (await makeTestAuthority()).cert);
    writeFileSync(join(cwd, 'secret'), 'canary-client-secret\n', { mode: 0o600 });
    writeFileSync(join(cwd, 'other'), 'canary-other-secret\n', { mode: 0o600 });
    const options = {
      '--client-id': ID,
      '--client-secret-file': 'secret',
      '--tenant-id': TENANT,
      '--target': 'engine.invalid:7233',
      '--endpoint': 'https://kuflow.invalid',
      '--ca': 'ca.pem',
    };
    const { env, printed, out } = await seen(Object.entries(options).flat(), {
      ...{ at, cwd },
      env: { KUFLOW_API_CLIENTSECRET_FILE: join(cwd, 'other'), TEMPORAL_TARGET: 'other.invalid:1' },
    });
    expect(printed.results.find(({ id }) => id === 'KF-WORK-001')).toMatchObject({ state: 'pass' });
    expect(env).toMatchObject({
      KUFLOW_API_CLIENTID: ID,
      KUFLOW_API_CLIENTSECRET: 'canary-client-secret',
      KUFLOW_API_TENANTID: TENANT,
      KUFLOW_API_CA: join(cwd, 'ca.pem'),
      TEMPORAL_TARGET: 'engine.invalid:7233',
    });
    expect(env?.['KUFLOW_API_ENDPOINT']).toMatch(/^https:\/\/kuflow\.invalid/);
    expect(env).not.toHaveProperty('KUFLOW_API_CLIENTSECRET_FILE');
    expect(out).not.toContain('canary');
  });

  it('contain nothing else without options', async () => {
    const { env } = await seen([], { env: { KUFLOW_API_CLIENTID: ID, KUFLOW_API_CLIENTSECRET: 'secret' } });
    expect(
      Object.keys(env ?? {})
        .filter((name) => /^(KUFLOW_API|TEMPORAL)_/.test(name))
        .sort(),
    ).toEqual(['KUFLOW_API_CLIENTID', 'KUFLOW_API_CLIENTSECRET']);
  });

  it('include the endpoint from the files if options give the credentials', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'secret'), 'canary', { mode: 0o600 });
    const { env } = await seen(['--client-id', ID, '--client-secret-file', join(cwd, 'secret')], {
      yaml: 'kuflow:\n  api:\n    endpoint: https://kuflow.invalid\n',
    });
    expect(env?.['KUFLOW_API_ENDPOINT']).toMatch(/^https:\/\/kuflow\.invalid/);
  });

  it('that contradict its files skip the worker check', async () => {
    const { env, printed } = await seen(['--endpoint', 'https://other.invalid'], {
      env: { KUFLOW_API_CLIENTID: ID, KUFLOW_API_CLIENTSECRET: 'secret' },
      yaml: 'kuflow:\n  api:\n    endpoint: https://kuflow.invalid\n',
    });
    expect(env).toBeUndefined();
    expect(printed.results.find(({ id }) => id === 'KF-WORK-001')).toMatchObject({
      state: 'skip',
      summary: expect.stringContaining('application.yaml:') as unknown,
    });
  });

  it('that come from a profile lead to a warning instead of the worker check', async () => {
    const config = folder();
    await storeProfile(
      {
        profile: { name: 'work', endpoint: 'https://kuflow.invalid/v2024-06-14', clientId: ID },
        secret: new Secret('canary'),
        ...{ makeDefault: true, useKeychain: false },
      },
      { folder: join(config, 'kuflow'), env: {}, clock: systemClock, signal: new AbortController().signal },
    );
    for (const argv of [['--profile', 'work'], []]) {
      const { env, printed } = await seen(argv, { env: { XDG_CONFIG_HOME: config } });
      expect(env).toBeUndefined();
      expect(printed.results.find(({ id }) => id === 'KF-WORK-001')).toMatchObject({
        state: 'warn',
        cause: { code: 'worker-reads-no-profiles' },
      });
    }
  });
});

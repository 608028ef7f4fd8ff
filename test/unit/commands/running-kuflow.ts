import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../src/cli/run-program.ts';
import { definitionDigest, STATE_FOLDER, writeStateFile } from '../../../src/platform/state/running-state.ts';
import { databasePath, takeOwnerLock } from '../../../src/platform/store/owner-lock.ts';
import { renderDefinition } from '../../../src/process/definition/render-definition.ts';
import type { ProcessDefinition } from '../../../src/process/definition.ts';
import type { Ran } from '../../support/create-worker.ts';
import { fakeHost, type FakeHost } from '../../support/fake-host.ts';
import { KUFLOW_PROGRAM, runKuflow } from '../../support/run-kuflow.ts';
import { LOAN } from '../platform/domain/world.ts';
import { createRest, createTask, startLoan, type Rest } from '../platform/rest/server.ts';

/** A local KuFlow without an engine that runs for `folder`, which has the definition file of its process: LOAN by default. */
export interface RunningKuFlow {
  readonly folder: string;
  readonly rest: Rest;
  readonly address: string;
  /** Runs `kuflow` in the folder, without a terminal. */
  kuflow(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** Starts a command that runs until it ends or is interrupted. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): StartedKuflow;
  /** The output of a command that succeeds with `--json`. */
  json<T>(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<T>;
  /** Variables that configure this KuFlow, for commands in another folder. */
  readonly env: NodeJS.ProcessEnv;
  /** A new task of a new process. */
  createTask(more?: object): Promise<{ readonly id: string; readonly processId: string }>;
  close(): Promise<void>;
}

export interface StartedKuflow extends Pick<FakeHost, 'stdout' | 'stderr' | 'signal'> {
  readonly ended: Promise<number>;
}

export async function startRunningKuFlow(definition: ProcessDefinition = LOAN): Promise<RunningKuFlow> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kuflow-commands-')));
  const rest = createRest({ definitions: [definition] });
  const address = await rest.app.listen({ host: '127.0.0.1', port: 0 });
  const { application, user, tenantId, namespace } = rest.world.identity;
  const stateDir = join(folder, STATE_FOLDER);
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(join(folder, 'kuflow.process.yaml'), renderDefinition(definition));
  const lock = takeOwnerLock(databasePath(stateDir));
  await writeStateFile(stateDir, {
    pid: process.pid,
    endpoints: { http: address, https: address, engine: '127.0.0.1:1', temporal: '127.0.0.1:1' },
    loopback: { http: address, https: address },
    application,
    tenantId,
    namespace,
    caFile: 'ca.pem',
    caBundleFile: 'ca-bundle.pem',
    user,
    processes: [definition.process.code],
    digests: { [definition.process.code]: definitionDigest(definition) },
    taskQueues: { [definition.process.code]: definition.workflow?.taskQueue ?? '' },
  });
  const ownEnv = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config') };
  const kuflow = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    runKuflow(folder, args, { ...ownEnv, ...env });
  return {
    folder,
    rest,
    address,
    kuflow,
    start: (args, env = {}) => {
      const fake = fakeHost(args, { cwd: folder, env: { ...ownEnv, ...env } });
      return { ...fake, ended: runProgram(KUFLOW_PROGRAM, fake.host) };
    },
    env: {
      KUFLOW_API_ENDPOINT: address,
      KUFLOW_API_CLIENTID: application.id,
      KUFLOW_API_CLIENTSECRET: application.secret.reveal(),
    },
    json: async <T>(args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
      const { status, stdout, stderr } = await kuflow([...args, '--json'], env);
      if (status !== 0) throw new Error(`${args.join(' ')}: status ${status}, ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    createTask: async (more = {}) => {
      const processId = await startLoan(rest);
      return { processId, id: await createTask(rest, processId, more) };
    },
    close: async () => {
      lock.release();
      await rest.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError } from '../../../../src/base/errors.ts';
import { runWorkerCheck } from '../../../../src/commands/doctor/worker-check.ts';
import type { WorkerCheckStep, WorkerCheckOptions } from '../../../../src/diagnostics/input.ts';
import { javaDiagnosis } from '../../../../src/languages/java/diagnosis.ts';
import { pythonDiagnosis } from '../../../../src/languages/python/diagnosis.ts';
import { examineNode, nodeDiagnosis } from '../../../../src/languages/typescript/diagnosis.ts';
import { type Answerer, sendJson } from '../../../support/answering-server.ts';
import { startTcpServer } from '../../../support/engine-server.ts';
import { pollersAnswer, startAnswer } from './engine-answers.ts';
import { pythonScript, writeScript } from '../../../support/fake-python.ts';
import { STAND_IN_COMMAND, standInWorker } from '../../../support/stand-in-worker.ts';
import { fault, following, type Fault } from './fault.ts';

const queue =
  // Built per request, because the response contains the time of the last poll.
  (answer: (request: Buffer) => Buffer): Fault['make'] =>
    (setup) =>
      void (setup.engine = { ...setup.engine, answers: { ...setup.engine.answers, DescribeTaskQueue: answer } });
const started =
  (type: string, name: string): Fault['make'] =>
  (setup) => {
    const answers = { ...setup.engine.answers, GetWorkflowExecutionHistory: startAnswer(type, name) };
    setup.engine = { ...setup.engine, answers };
    setup.request = { processId: '018f3a1c-0000-7000-8000-00000000000a' };
    setup.project = { processes: () => Promise.resolve([LOAN]) };
    installed(setup.afterwards, setup.folder, VERSIONS);
  };
const PROCESS_ID = '018f3a1c-0000-7000-8000-00000000000a';
const KEY_ID = '7c1f7a52-53a5-4f0e-9d3c-0a3a5b1f2c44';
const isKeyRequest = (url: string): boolean => url.endsWith(`/kms/keys/${KEY_ID}`);
/** How KuFlow answers the request for the key of a running process of a confidential definition, until it is repaired. */
const key =
  (answer: Answerer): Fault['make'] =>
  (setup) => {
    const answers = {
      ...setup.engine.answers,
      GetWorkflowExecutionHistory: startAnswer('LoanWorkflow', 'LOANS', KEY_ID),
    };
    setup.engine = { ...setup.engine, answers };
    setup.project = { processes: () => Promise.resolve([{ ...LOAN, confidential: true }]) };
    installed(setup.afterwards, setup.folder, VERSIONS);
    const healthy = setup.rest;
    let isRepaired = false;
    setup.repair = () => void (isRepaired = true);
    setup.rest = (request, response, index) => {
      const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
      if (isKeyRequest(pathname) && isRepaired)
        sendJson(response, 200, { id: KEY_ID, value: Buffer.alloc(32).toString('base64') });
      else if (isKeyRequest(pathname)) answer(request, response, index);
      else if (pathname.endsWith('/processes') && searchParams.get('processDefinitionCode') === LOAN.code)
        sendJson(response, 200, RUNNING);
      else healthy(request, response, index);
    };
  };
const refuse =
  (status: number): Answerer =>
  (_request, response) =>
    sendJson(response, status, { timestamp: new Date().toISOString(), status, message: 'No', errors: [] });
const HERE = [{ identity: '1@host', agoMs: 1_000 }];
const GONE = [{ identity: '1@gone', agoMs: 240_000 }];
const byKind = ({ workflow = () => pollersAnswer([]), activity = () => pollersAnswer([]) }): Fault['make'] =>
  queue((request) => (request.includes(ACTIVITY_TYPE) ? activity() : workflow()));
/** Encoded `task_queue_type = 3: ACTIVITY` in a request. */
const ACTIVITY_TYPE = Buffer.from([0x18, 2, 0x20, 1]);
const LOAN = { file: 'kuflow.process.yaml', code: 'LOAN', workflowType: 'LoanWorkflow', taskQueue: 'LOANS' };
const RUNNING = {
  metadata: { size: 5, page: 0, totalElements: 1, totalPages: 1 },
  content: [
    {
      ...{ id: PROCESS_ID, state: 'RUNNING', tenantId: PROCESS_ID },
      processDefinitionRef: { id: PROCESS_ID, version: PROCESS_ID, code: LOAN.code, name: 'Loan' },
    },
  ],
};
const VERSIONS = { worker: '1.24.0', client: '1.24.0' };

function installed(
  afterwards: (() => void | Promise<void>)[],
  folder: string,
  versions: Readonly<Record<string, string>>,
): void {
  afterwards.push(() => {
    for (const [name, version] of Object.entries(versions)) {
      const at = join(folder, 'node_modules', '@temporalio', name);
      mkdirSync(at, { recursive: true });
      writeFileSync(join(at, 'package.json'), JSON.stringify({ name: `@temporalio/${name}`, version }));
    }
  });
}
const withProject =
  (view: object, versions: Readonly<Record<string, string>> = VERSIONS): Fault['make'] =>
  (setup) => {
    const at = { folder: setup.folder, root: setup.folder, env: {}, packageManager: 'npm' } as const;
    const { runtime, temporalSdk } = nodeDiagnosis;
    setup.project = {
      processes: () => Promise.resolve([LOAN]),
      runtime: () => runtime(at),
      temporalSdk: () => temporalSdk(at),
      ...view,
    };
    installed(setup.afterwards, setup.folder, versions);
  };
const workerSays = (...steps: readonly WorkerCheckStep[]) => ({
  workerCheck: () => Promise.resolve({ kind: 'answered' as const, status: 1, steps }),
});

const HEALTHY_WORKER = `console.log(JSON.stringify({ status: 0, steps: ['rest', 'connect'].map((step) => ({ step, status: 'ok', detail: '' })) }));\n`;
/** A project whose worker is this program, run as doctor runs it. */
const standIn =
  (main: string): Fault['make'] =>
  async (setup) => {
    standInWorker(setup.folder, main);
    setup.request = { commands: { install: 'npm install' } };
    await withProject({
      workerCheck: (options: WorkerCheckOptions) =>
        runWorkerCheck(STAND_IN_COMMAND, setup.folder, { PATH: process.env['PATH'] }, options),
    })(setup);
  };

const PYPROJECT = `[project]
name = "loan-worker"
requires-python = ">=3.11"
dependencies = ["temporalio==1.35.0"]

[project.scripts]
loan-worker = "loan_worker.__main__:run"
`;
const installPython = (folder: string, script: string): void => {
  mkdirSync(join(folder, '.venv', 'lib', 'python3.12', 'site-packages', 'temporalio-1.35.0.dist-info'), {
    recursive: true,
  });
  writeScript(join(folder, '.venv', 'bin', 'python'), script);
};
/** A Python project whose virtual environment has this Python, a shell script. */
const withPython =
  (python: string): Fault['make'] =>
  (setup) => {
    const { folder } = setup;
    writeFileSync(join(folder, 'pyproject.toml'), PYPROJECT);
    installPython(folder, python);
    const at = { folder, root: folder, env: { PATH: process.env['PATH'] }, packageManager: 'pip' } as const;
    const { runtime, temporalSdk, worker } = pythonDiagnosis;
    setup.project = {
      processes: () => Promise.resolve([LOAN]),
      runtime: () => runtime(at),
      temporalSdk: () => temporalSdk(at),
      workerCheck: async (options) => {
        const command = await worker(at);
        if (command.kind !== 'command') throw new Error(command.kind);
        return await runWorkerCheck(command, folder, at.env, options);
      },
    };
  };

export const pollerAndProjectFaults: readonly Fault[] = [
  fault(
    'no pollers',
    'KF-POLL-001 warn pollers-none',
    queue(() => pollersAnswer([])),
  ),
  fault(
    'tasks waiting, no pollers',
    'KF-POLL-001 fail pollers-none-backlog',
    queue(() => pollersAnswer([], 12)),
  ),
  fault(
    'worker that stopped four minutes ago',
    'KF-POLL-001 warn pollers-stale',
    queue(() => pollersAnswer(GONE)),
  ),
  fault(
    'tasks waiting, worker stopped four minutes ago',
    'KF-POLL-001 fail pollers-stale-backlog',
    queue(() => pollersAnswer(GONE, 3)),
  ),
  fault(
    'worker that polls only for activities',
    'KF-POLL-001 warn pollers-wrong-kind',
    byKind({ activity: () => pollersAnswer(HERE) }),
  ),
  fault(
    'workflow tasks waiting, only activities polled',
    'KF-POLL-001 fail pollers-wrong-kind-backlog',
    byKind({ workflow: () => pollersAnswer([], 3), activity: () => pollersAnswer(HERE) }),
  ),
  fault(
    'workflow tasks waiting, their poller gone, activities polled',
    'KF-POLL-001 fail pollers-wrong-kind-backlog',
    byKind({ workflow: () => pollersAnswer(GONE, 3), activity: () => pollersAnswer(HERE) }),
  ),
  fault(
    'activity tasks waiting, only workflows polled',
    'KF-POLL-001 fail pollers-wrong-kind-backlog',
    byKind({ workflow: () => pollersAnswer(HERE), activity: () => pollersAnswer([], 1) }),
  ),
  fault(
    'activity tasks waiting, no pollers',
    'KF-POLL-001 fail pollers-none-backlog',
    byKind({ activity: () => pollersAnswer([], 2) }),
  ),
  fault('process on another queue', 'KF-PROC-001 fail process-queue-differs', started('LoanWorkflow', 'LOANS ')),
  fault(
    'process with another workflow type',
    'KF-PROC-001 fail process-type-differs',
    started('loanWorkflow', 'LOANS'),
  ),
  fault(
    'key of a confidential process that the application may not read (403)',
    'KF-PROC-002 fail encryption-key-forbidden',
    key(refuse(403)),
    following(/give the application a role in process 018f3a1c/, (setup) => setup.repair?.()),
  ),
  fault(
    'key of a confidential process that KuFlow does not have (404)',
    'KF-PROC-002 fail encryption-key-not-found',
    key(refuse(404)),
    following(/Report process 018f3a1c\S+ and its key 7c1f7a52\S+ to KuFlow/, (setup) => setup.repair?.()),
  ),
  ...(
    [
      ['key service that never responds', () => undefined],
      ['key service that fails (503)', refuse(503)],
    ] satisfies readonly (readonly [string, Answerer])[]
  ).map(([name, answer]) =>
    fault(
      name,
      'KF-PROC-002 unknown encryption-key-no-answer',
      key(answer),
      following(/Try again; .* the retrieveKmsKey operation failed/, (setup) => setup.repair?.()),
    ),
  ),
  fault('dependencies not installed', 'KF-PROJ-002 warn sdk-not-installed', withProject({}, {})),
  fault(
    'Temporal packages with different versions',
    'KF-PROJ-002 fail sdk-versions-differ',
    withProject({}, { worker: '1.24.0', workflow: '1.23.0' }),
  ),
  fault(
    '@temporalio/worker 1.11.7',
    'KF-PROJ-002 warn sdk-known-fault',
    withProject({}, { worker: '1.11.7', client: '1.11.7' }),
  ),
  fault(
    'Node.js 18',
    'KF-PROJ-003 fail runtime-too-old',
    withProject({ runtime: () => Promise.resolve(examineNode('v18.20.0')) }),
  ),
  fault(
    'JDK 8, which prints its version to standard error',
    'KF-PROJ-003 fail runtime-too-old',
    (setup) => {
      const home = (name: string, script: string): string => {
        const path = join(setup.folder, name, 'bin', 'javac');
        mkdirSync(join(path, '..'), { recursive: true });
        writeFileSync(path, `#!/bin/sh\n${script}\n`);
        chmodSync(path, 0o755);
        return join(setup.folder, name);
      };
      const at = { folder: setup.folder, root: setup.folder, env: setup.env, packageManager: 'npm' } as const;
      setup.env['JAVA_HOME'] = home('jdk8', 'echo javac 1.8.0_442 >&2');
      setup.env['OTHER_JDK'] = home('jdk21', 'echo javac 21.0.2');
      for (const file of ['pom.xml', 'mvnw', '.mvn/wrapper/maven-wrapper.properties']) setup.files[file] = '<project/>';
      setup.modes['mvnw'] = 0o755;
      setup.project = {
        runtime: () => javaDiagnosis.runtime(at),
        temporalSdk: () => javaDiagnosis.temporalSdk(at),
      };
    },
    following(/Install a JDK, version 17 or newer .*, and set (JAVA_HOME) to its folder/, ({ env }, variable = '') => {
      env[variable] = env['OTHER_JDK'] ?? '';
    }),
  ),
  fault(
    'two definition files with one process code',
    'KF-PROJ-001 fail definition-duplicate-code',
    withProject({ processes: () => Promise.resolve([LOAN, { ...LOAN, file: 'other.process.yaml' }]) }),
    following(/Set process\.code in (other\.process\.yaml)/, (setup, file = '') => {
      setup.project = { processes: () => Promise.resolve([LOAN, { ...LOAN, file, code: 'OTHER' }]) };
    }),
  ),
  ...(['health', 'metrics'] as const).map((kind) =>
    fault(
      `${kind} port that another program uses`,
      'KF-PROJ-004 fail worker-port-in-use',
      async (setup) => {
        const other = setup.keep(await startTcpServer((socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n')));
        setup.settings[`worker.${kind}-port`] = String(other.port);
      },
      following(/set (worker\.\w+-port) to a free port \(application\.yaml:\d+\)/, async (setup, key = '') => {
        const free = await startTcpServer(() => undefined);
        await free.close();
        setup.settings[key] = String(free.port);
      }),
    ),
  ),
  fault(
    'invalid process definition',
    'KF-PROJ-001 fail definition-broken',
    withProject({
      drift: () =>
        Promise.reject(new KnownError({ message: 'kuflow.process.yaml:3:1 is not a valid process definition' })),
    }),
  ),
  fault(
    'process definition that changed since its code was generated',
    'KF-PROJ-001 warn definition-drift',
    withProject({
      drift: () => Promise.resolve({ kind: 'compared', files: [{ path: 'src/process/types.ts', state: 'stale' }] }),
    }),
  ),
  fault(
    'process definition with another task queue',
    'KF-PROJ-001 warn definition-queue-differs',
    withProject({ processes: () => Promise.resolve([{ ...LOAN, taskQueue: 'LOAN' }]) }),
  ),
  fault(
    'worker whose SDK does not connect',
    'KF-WORK-002 fail worker-disagrees',
    withProject(
      workerSays(
        { step: 'rest', status: 'ok', detail: '' },
        { step: 'connect', status: 'failed', detail: 'deadline exceeded' },
      ),
    ),
  ),
  fault(
    'worker whose SDK times out',
    'KF-WORK-002 unknown worker-could-not-tell',
    withProject(
      workerSays(
        { step: 'rest', status: 'ok', detail: '' },
        { step: 'connect', status: 'unknown', detail: 'no result within the time limit of 13 s' },
      ),
    ),
  ),
  fault(
    'worker check that times out',
    'KF-WORK-001 warn worker-check-no-answer',
    withProject({ workerCheck: () => Promise.resolve({ kind: 'stopped' }) }),
  ),
  fault(
    'worker with a syntax error',
    'KF-WORK-001 fail worker-cannot-start',
    standIn('const settings = {;\n'),
    following(/Correct .*src\/main\.ts/, ({ folder }) => standInWorker(folder, HEALTHY_WORKER)),
  ),
  fault(
    'worker with a missing native module',
    'KF-WORK-001 fail worker-module-missing',
    standIn(
      "import { createRequire } from 'node:module';\ncreateRequire(import.meta.url)('@temporalio/core-bridge');\n",
    ),
    following(/Install the dependencies again: npm install/, ({ folder }) => {
      const module = join(folder, 'node_modules', '@temporalio', 'core-bridge');
      mkdirSync(module, { recursive: true });
      writeFileSync(join(module, 'index.js'), '');
      writeFileSync(join(folder, 'src', 'main.ts'), HEALTHY_WORKER);
    }),
  ),
  fault(
    'virtual environment of a Python that was removed',
    'KF-PROJ-003 fail environment-unusable',
    withPython('echo "libpython3.12.so.1.0: cannot open shared object file" >&2; exit 127'),
    following(/Delete \.venv and install the dependencies again/, ({ folder }) => {
      rmSync(join(folder, '.venv'), { recursive: true });
      const answer = `[ "$2" != loan_worker ] || { echo '${JSON.stringify({ status: 0, steps: [] })}'; exit; }`;
      installPython(folder, `${answer}\n${pythonScript('3.12.1')}`);
    }),
  ),
];

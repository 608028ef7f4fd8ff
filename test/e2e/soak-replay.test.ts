import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { javaProjectCopy, JAVA_PACKAGE, buildJar } from '../support/java-project.ts';
import { packedCommand } from '../support/packed-command.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { pythonProjectCopy, PYTHON_PACKAGE } from '../support/python-project.ts';
import { projectCopy } from '../support/generated-project.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';
import {
  BREAKING_CHANGES,
  changeWorkflow,
  COMPATIBLE_CHANGES,
  type WorkflowLanguage,
} from '../support/workflow-changes.ts';

// In full length, this takes half an hour. `npm test` has samples in the tests of the libraries, worker-process.test.ts and project.test.ts.
const IS_SOAK = process.env['KUFLOW_SOAK'] === '1';
const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';

interface Sample {
  readonly language: WorkflowLanguage;
  readonly workflow: string;
  readonly create: (folder: string) => void;
  /** What a change of the workflow needs. */
  readonly build: (folder: string) => void;
}

const SAMPLES: readonly Sample[] = [
  {
    language: 'TypeScript',
    workflow: 'src/workflows.ts',
    create: (folder) => {
      projectCopy(folder);
      execFileSync(NPM, ['run', '--silent', 'build'], {
        cwd: folder,
        stdio: ['ignore', 'inherit', 'inherit'],
        shell: process.platform === 'win32',
      });
    },
    build: () => undefined,
  },
  {
    language: 'Python',
    workflow: `src/${PYTHON_PACKAGE}/loan/workflow.py`,
    create: (folder) => void pythonProjectCopy(folder),
    build: () => undefined,
  },
  {
    language: 'Java',
    workflow: `src/main/java/${JAVA_PACKAGE.replaceAll('.', '/')}/loan/LoanWorkflowImpl.java`,
    create: (folder) => {
      javaProjectCopy(folder);
      buildJar(folder);
    },
    build: buildJar,
  },
];

const LIMIT = 900_000;

describe.runIf(IS_SOAK).each(SAMPLES)(
  'the replay of running processes ($language; only in npm run soak)',
  ({ language, workflow, create, build }) => {
    let root: string;
    let folder: string;
    let code: string;
    let running: TestPlatform;
    let user: ProcessUser;
    let worker: WorkerProcess;
    let env: Record<string, string>;

    /** Runs the command with a change of the workflow, and returns its status. */
    const replay = async (changed: string, states: readonly string[]): Promise<number | null> => {
      writeFileSync(join(folder, workflow), changed);
      build(folder);
      const options = states.flatMap((state) => ['--state', state]);
      const { status, out, err } = await packedCommand('kuflow', ['replay', ...options], { cwd: folder, env });
      expect(`${out}${err}`).not.toContain('Canary');
      return status;
    };

    beforeAll(async () => {
      root = mkdtempSync(join(inject('runFolder'), 'soak-replay-'));
      folder = join(root, 'loan-worker');
      create(folder);
      code = readFileSync(join(folder, workflow), 'utf8');
      running = await startTestPlatform();
      user = await processUser(running.platform);
      env = workerEnvironment(running.platform);
      worker = startWorkerProcess(env, folder);
      await worker.ready();
      const application = { firstName: 'Canary', lastName: 'Lovelace', currency: 'EUR', amount: 10 };
      const ids = await Promise.all([0, 1, 2].map(() => user.start('LOAN')));
      const [, second = '', third = ''] = ids;
      for (const id of [second, third]) await user.complete(id, 'LOAN_APPLICATION', application);
      await user.complete(third, 'APPROVE_LOAN', { approved: true });
      await user.completed(third);
      await Promise.all(ids.map((id) => user.item(id, id === ids[0] ? 'LOAN_APPLICATION' : 'APPROVE_LOAN')));
      await worker.kill();
    }, LIMIT);

    afterAll(async () => {
      await worker.kill();
      await user.close();
      await running.remove();
      rmSync(root, { recursive: true, force: true });
    });

    it(
      'accepts the code that ran them',
      async () => {
        expect(await replay(code, ['running', 'completed'])).toBe(0);
      },
      LIMIT,
    );

    it.each(BREAKING_CHANGES)(
      'finds that $title',
      async (change) => {
        expect(await replay(changeWorkflow(language, code, change), ['running', 'completed'])).toBe(1);
      },
      LIMIT,
    );

    it.each(COMPATIBLE_CHANGES)(
      'accepts $title',
      async (change) => {
        expect(await replay(changeWorkflow(language, code, change), ['running'])).toBe(0);
      },
      LIMIT,
    );
  },
);

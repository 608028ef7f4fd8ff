import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { UpdateResult } from '../../src/commands/update/update-project.ts';
import { isEncrypted } from '../../src/platform/temporal/encryption.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { generatedProject, linkModules } from '../support/generated-project.ts';
import { replaceJavaLibrary } from '../support/java-library.ts';
import { javaProject } from '../support/java-project.ts';
import { missingJdk } from '../support/jdk.ts';
import { runHeavy } from '../support/lanes.ts';
import { packedCommand } from '../support/packed-command.ts';
import { patchPackage } from '../support/patched-package.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { projectFiles } from '../support/project-files.ts';
import { replaceLibrary } from '../support/library-archive.ts';
import { buildPythonLibrary } from '../support/python-library.ts';
import { copyTypeCache, PYTHON_PACKAGE, pythonProject } from '../support/python-project.ts';
import { packTypeScriptLibrary } from '../support/typescript-library.ts';
import { until } from '../support/until.ts';
import { uvFolder } from '../support/uv.ts';
import { bareEnvironment, startWorkerProcess, workerEnvironment } from '../support/worker-process.ts';

// A JVM, mypy and the TypeScript compiler run.
runHeavy();

const OLD_VERSION = '0.0.9';
const WHY = 'is not needed any more';
const BREAKING = 'Workers log another line when a process starts.';
/** The version of the library in the newer package. */
const NEW_LIBRARY = '7.0.0';
const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';

const JAVA = 'src/main/java/com/example/loanworker';
const JAVA_TESTS = 'src/test/java/com/example/loanworker';
const JAVA_TEMPLATE_TESTS = 'src/test/java/com/example/worker';
const PYTHON = `src/${PYTHON_PACKAGE}`;

interface Project {
  readonly language: 'typescript' | 'java' | 'python';
  readonly packageFile: string;
  readonly workflow: string;
  readonly wiring: string;
  readonly renamed: { readonly from: string; readonly to: string };
  readonly removed: string;
  /** What somebody changes: file, text, new text. */
  readonly edits: readonly (readonly [path: string, from: string, to: string])[];
  /** The expected conflicts, as paths and the keys or lines. */
  readonly conflicts: Readonly<Record<string, readonly unknown[]>>;
  /** Texts of files after the update. */
  readonly merged: Readonly<Record<string, readonly string[]>>;
  readonly options: readonly string[];
  readonly checks: readonly string[];
}

const TYPESCRIPT: Project = {
  language: 'typescript',
  packageFile: 'package.json',
  workflow: 'src/workflows.ts',
  wiring: 'eslint.config.js',
  renamed: { from: 'test/histories.test.ts', to: 'test/replay.test.ts' },
  removed: 'src/legacy.ts',
  edits: [
    ['package.json', '"tsx": "4.23.13"', '"tsx": "4.23.15"'],
    ['package.json', '    "lint":', '    "mine": "echo mine",\n    "lint":'],
    ['package.json', 'replay.test.ts --bail 1', 'replay.test.ts --silent'],
    ['src/workflows.ts', "'Process begins'", "'Loan process started'"],
    [
      'src/workflows.ts',
      '  await kuflow.thread(tasks.loanDiscussion);\n',
      "  log.info('Loan decided', { processId });\n\n  await kuflow.thread(tasks.loanDiscussion);\n",
    ],
    ['eslint.config.js', "      eqeqeq: 'error',\n", "      eqeqeq: 'error',\n      'no-var': 'error',\n"],
    ['test/histories.test.ts', 'const folder = ', '// Edited.\nconst folder = '],
  ],
  conflicts: { 'package.json': ['scripts.replay'], 'src/workflows.ts': [29] },
  merged: {
    'package.json': ['"tsx": "4.23.15"', '"vitest": "4.1.12"', '"mine": "echo mine"', 'replay.test.ts --silent"'],
    'src/workflows.ts': ["'Loan process started'", "'Loan decided'", "'No decision after three days'"],
    'eslint.config.js': ["'no-var': 'error'", 'without Node.js APIs. Call an activity instead.'],
    'test/replay.test.ts': ['// Edited.\n', 'workflow code matches the histories in'],
  },
  options: [],
  checks: ['npm run lint', 'npm test'],
};

const PYTHON_PROJECT: Project = {
  language: 'python',
  packageFile: 'pyproject.toml',
  workflow: `${PYTHON}/loan/workflow.py`,
  wiring: 'Makefile',
  renamed: { from: 'tests/test_histories.py', to: 'tests/test_replay.py' },
  removed: `${PYTHON}/legacy.py`,
  edits: [
    ['pyproject.toml', '"ruff==0.17.4"', '"Ruff==0.17.6"'],
    [
      'pyproject.toml',
      '[project.scripts]',
      '[project.urls]\nhomepage = "https://example.com" # mine\n\n[project.scripts]',
    ],
    ['pyproject.toml', '"--tb=auto"', '"--tb=short -q"'],
    [`${PYTHON}/loan/workflow.py`, '"Process begins"', '"Loan process started"'],
    [
      `${PYTHON}/loan/workflow.py`,
      '        await kuflow.thread(tasks.LOAN_DISCUSSION)\n',
      '        workflow.logger.info("Loan decided")\n\n        await kuflow.thread(tasks.LOAN_DISCUSSION)\n',
    ],
    ['Makefile', 'smoke check image', 'smoke check image mine'],
    ['tests/test_histories.py', 'NONE_YET = ', '# Edited.\nNONE_YET = '],
  ],
  conflicts: { 'pyproject.toml': [expect.any(Number)], [`${PYTHON}/loan/workflow.py`]: [41] },
  merged: {
    'pyproject.toml': [
      '"Ruff==0.17.6"',
      '"debugpy==1.8.22"',
      'homepage = "https://example.com" # mine\n',
      '"--tb=short -q"',
    ],
    [`${PYTHON}/loan/workflow.py`]: ['"Loan process started"', '"Loan decided"', '"No decision after three days"'],
    Makefile: [
      'image mine\n',
      '# Checks that the worker itself connects to KuFlow. To find the cause of a failure, run ./kuflow doctor.',
    ],
    'tests/test_replay.py': ['# Edited.\n', 'Replays the histories in'],
  },
  options: [],
  checks: ['make lint', 'make test'],
};

const JAVA_PROJECT: Project = {
  language: 'java',
  packageFile: 'pom.xml',
  workflow: `${JAVA}/loan/LoanWorkflowImpl.java`,
  wiring: 'Makefile',
  renamed: { from: `${JAVA_TESTS}/HistoriesTest.java`, to: `${JAVA_TESTS}/ReplayTest.java` },
  removed: `${JAVA}/Legacy.java`,
  edits: [
    ['pom.xml', '<archunit.version>1.4.0<', '<archunit.version>1.5.1<'],
    ['pom.xml', '    <java.version>', '    <!-- Mine. -->\n    <mine.version>1</mine.version>\n    <java.version>'],
    ['pom.xml', '<argLine>-XX:TieredStopAtLevel=2<', '<argLine>-XX:TieredStopAtLevel=1 -Xmx1g<'],
    [`${JAVA}/loan/LoanWorkflowImpl.java`, '"Process begins"', '"Loan process started"'],
    [
      `${JAVA}/loan/LoanWorkflowImpl.java`,
      '        kuflow.thread(LoanTasks.LOAN_DISCUSSION);\n',
      '        LOG.info("Loan decided");\n\n        kuflow.thread(LoanTasks.LOAN_DISCUSSION);\n',
    ],
    ['Makefile', 'smoke check image', 'smoke check image mine'],
    [`${JAVA_TESTS}/HistoriesTest.java`, '    @TestFactory', '    // Edited.\n    @TestFactory'],
  ],
  conflicts: {
    'pom.xml': [expect.any(Number)],
    [`${JAVA}/loan/LoanWorkflowImpl.java`]: [55],
  },
  merged: {
    'pom.xml': [
      '<archunit.version>1.5.1<',
      '<temporal.version>1.38.0<',
      '<!-- Mine. -->\n    <mine.version>',
      '-Xmx1g<',
    ],
    [`${JAVA}/loan/LoanWorkflowImpl.java`]: [
      '"Loan process started"',
      '"Loan decided"',
      '"No decision after three days"',
    ],
    Makefile: [
      'image mine\n',
      '# Checks that the worker itself connects to KuFlow. To find the cause of a failure, run ./kuflow doctor.',
    ],
    [`${JAVA_TESTS}/ReplayTest.java`]: ['// Edited.\n', 'class ReplayTest {'],
  },
  // The check compiles and packs too.
  options: ['--no-install'],
  checks: ['./mvnw verify'],
};

/** Runs functions one after the other. */
function oneByOne(): (run: () => Promise<void>) => Promise<void> {
  let last = Promise.resolve();
  return (run) => {
    const next = last.then(run);
    last = next.catch(() => undefined);
    return next;
  };
}

describe('kuflow update of a project with older templates and local changes', () => {
  let folder: string;
  let older: string;
  let newer: string;
  let newWheel: string;
  let newPackage: string;
  let newJavaLibrary: string;
  let running: TestPlatform;
  let user: ProcessUser;
  // A JVM and mypy need much memory.
  const withMemory = oneByOne();
  // The workers have the same task queue.
  const onQueue = oneByOne();

  beforeAll(async () => {
    folder = mkdtempSync(join(inject('runFolder'), 'update-'));
    older = patchPackage(join(folder, 'older'), {
      version: OLD_VERSION,
      replaced: [
        ['Process started', 'Process begins'],
        ['No decision after three days', 'Nobody has decided in three days'],
        [
          '# Checks that the worker itself connects to KuFlow. To find the cause of a failure, run ./kuflow doctor.',
          '# Checks the connection to KuFlow.',
        ],
        ['workflow code matches the histories in', 'workflow code fits the histories in'],
        ['Replays the histories in', 'Replays histories in'],
        ['ReplayTest', 'HistoriesTest'],
        ['"tsx": "4.23.15"', '"tsx": "4.23.13"'],
        ['"vitest": "4.1.12"', '"vitest": "4.1.10"'],
        ['without Node.js APIs. Call an activity instead.', 'without Node.js APIs. Use an activity.'],
        ['vitest run test/replay.test.ts', 'vitest run test/replay.test.ts --bail 1'],
        ['"ruff==0.17.6"', '"ruff==0.17.4"'],
        ['"debugpy==1.8.22"', '"debugpy==1.8.20"'],
        ['addopts = "--tb=short"', 'addopts = "--tb=auto"'],
        ['<archunit.version>1.5.1<', '<archunit.version>1.4.0<'],
        ['<temporal.version>1.38.0<', '<temporal.version>1.37.0<'],
        ['<argLine>-XX:TieredStopAtLevel=1<', '<argLine>-XX:TieredStopAtLevel=2<'],
      ],
      renamed: [
        ['typescript/test/replay.test.ts', 'typescript/test/histories.test.ts'],
        ['python/tests/test_replay.py', 'python/tests/test_histories.py'],
        [`java/${JAVA_TEMPLATE_TESTS}/ReplayTest.java`, `java/${JAVA_TEMPLATE_TESTS}/HistoriesTest.java`],
      ],
      added: {
        'typescript/src/legacy.ts': 'export const legacy = true;\n',
        'python/src/example_worker/legacy.py': 'LEGACY = True\n',
        'java/src/main/java/com/example/worker/Legacy.java': 'package com.example.worker;\n\ninterface Legacy {}\n',
      },
    });
    // Its versions are between those of the older templates and those that somebody raised to.
    newer = patchPackage(join(folder, 'newer'), {
      replaced: [
        ['"tsx": "4.23.15"', '"tsx": "4.23.14"'],
        ['"ruff==0.17.6"', '"ruff==0.17.5"'],
        ['<archunit.version>1.5.1<', '<archunit.version>1.5.0<'],
      ],
      migration: {
        renamed: [
          { language: 'typescript', from: 'test/histories.test.ts', to: 'test/replay.test.ts' },
          {
            language: 'python',
            from: 'tests/test_histories.py',
            to: 'tests/test_replay.py',
          },
          {
            language: 'java',
            from: 'src/test/java/{package}/HistoriesTest.java',
            to: 'src/test/java/{package}/ReplayTest.java',
          },
        ],
        removed: [
          { language: 'typescript', path: 'src/legacy.ts', why: WHY },
          { language: 'python', path: 'src/{module}/legacy.py', why: WHY },
          { language: 'java', path: 'src/main/java/{package}/Legacy.java', why: WHY },
        ],
        changes: [{ text: BREAKING, breaking: true }],
      },
    });
    newWheel = await buildPythonLibrary(join(folder, 'library'), {
      version: NEW_LIBRARY,
      replaced: [
        '_internal/workflow/kuflow_process.py',
        'MAX_REREAD_INTERVAL = timedelta(hours=12)',
        'MAX_REREAD_INTERVAL = timedelta(hours=6)',
      ],
    });
    replaceLibrary(newer, 'python', newWheel);
    newPackage = packTypeScriptLibrary(join(folder, 'typescript-library'), {
      version: NEW_LIBRARY,
      replaced: [
        'internal/workflow/kuflow-process.js',
        'MAX_REREAD_INTERVAL = 12 * HOUR',
        'MAX_REREAD_INTERVAL = 6 * HOUR',
      ],
    });
    replaceLibrary(newer, 'typescript', newPackage);
    if (missingJdk() === undefined)
      newJavaLibrary = replaceJavaLibrary(newer, {
        folder: join(folder, 'java-library'),
        version: NEW_LIBRARY,
        replaced: [
          'workflow/KuFlowProcess.java',
          'MAX_REREAD_INTERVAL = Duration.ofHours(12)',
          'MAX_REREAD_INTERVAL = Duration.ofHours(6)',
        ],
      });
    for (const create of [generatedProject, pythonProject, ...(missingJdk() === undefined ? [javaProject] : [])])
      create();
    // The updated workers run a confidential process.
    const sample = sampleDefinition();
    const definition = { ...sample, process: { ...sample.process, confidential: true } };
    running = await startTestPlatform({ definitions: [definition] });
    user = await processUser(running.platform);
  });

  afterAll(async () => {
    await user.close();
    await running.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function environment(): Promise<NodeJS.ProcessEnv> {
    const bare = bareEnvironment();
    return {
      ...bare,
      PATH: `${await uvFolder()}${delimiter}${bare['PATH'] ?? ''}`,
      // Everything was downloaded for the projects that tests share.
      ...{ npm_config_prefer_offline: 'true', UV_OFFLINE: '1', UV_PYTHON_DOWNLOADS: 'never', MAVEN_ARGS: '--offline' },
    };
  }

  /** Creates a project with the older package, edits it, updates it with the newer one, and lets its worker complete a process. */
  async function update(project: Project, prepare: (root: string) => void): Promise<void> {
    const parent = join(folder, project.language);
    const root = join(parent, 'loan-worker');
    const { read, edit } = projectFiles(() => root);
    const env = await environment();
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
        cwd: root,
        encoding: 'utf8',
      });
    const kuflow = async (...args: readonly string[]): Promise<UpdateResult> => {
      const options = { cwd: root, env, packageFolder: newer };
      const { out, err } = await packedCommand('kuflow', ['update', '--json', ...args], options);
      expect(out, err).toMatch(/^\{/);
      return JSON.parse(out) as UpdateResult;
    };
    const create = ['--language', project.language, '--local', '--yes', '--no-git', '--no-check', '--no-install'];
    mkdirSync(parent);
    const created = await packedCommand(
      'create-kuflow-worker',
      ['loan-worker', ...create, '--cli-package', `file:${inject('tarball')}`],
      { cwd: parent, env, packageFolder: older },
    );
    expect(created.status, created.err).toBe(0);
    prepare(root);
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--message', 'Created');
    for (const [path, from, to] of project.edits) edit(path, from, to);
    git('commit', '--quiet', '--all', '--message', 'Edited');

    const asked = await kuflow();
    const conflicts = asked.files.filter(({ how }) => how === 'conflict');
    expect(asked).toMatchObject({ from: OLD_VERSION, result: 'unresolved', status: 2 });
    expect(
      Object.fromEntries(conflicts.map((file) => [file.path, file.conflicts?.map(({ key, line }) => key ?? line)])),
    ).toEqual(project.conflicts);
    expect(git('status', '--porcelain')).toBe('');

    const updated = await kuflow('--conflicts', 'ours', ...project.options);
    expect(updated.verify).toEqual({
      checks: project.checks.map((command) => ({ command, kind: 'passed', ms: expect.any(Number) as unknown })),
    });
    expect(updated).toMatchObject({ result: 'updated', status: 0, changes: [{ breaking: true, text: BREAKING }] });
    const row = (path: string) => updated.files.find((file) => file.path === path);
    expect(row(project.wiring)).toMatchObject({ how: 'merged' });
    expect(row(project.renamed.to)).toMatchObject({ how: 'merged', from: project.renamed.from });
    expect(row(project.removed)).toMatchObject({ how: 'deleted', reason: WHY });
    expect([project.renamed.from, project.removed].filter((path) => existsSync(join(root, path)))).toEqual([]);
    for (const [path, texts] of Object.entries(project.merged))
      for (const text of texts) expect(read(path)).toContain(text);

    if (project.language !== 'java') {
      const archives = updated.files.filter(({ path }) => /^\.kuflow\/lib\/.*\.(?:tgz|whl)$/.test(path));
      expect(archives.map(({ how }) => how).sort()).toEqual(['deleted', 'new']);
      const archive = project.language === 'python' ? newWheel : newPackage;
      const present = readdirSync(join(root, '.kuflow/lib')).filter((name) => !name.endsWith('.md'));
      expect(present).toEqual([basename(archive)]);
    }
    if (project.language === 'python') {
      const program =
        "from importlib.metadata import version; from kuflow_worker._internal.workflow import kuflow_process; print(version('kuflow-worker'), kuflow_process.MAX_REREAD_INTERVAL)";
      const python = join(root, '.venv/bin/python');
      expect(execFileSync(python, ['-c', program], { encoding: 'utf8' })).toBe(`${NEW_LIBRARY} 6:00:00\n`);
    }
    if (project.language === 'java') {
      const archives = updated.files.filter(({ path }) => path.startsWith('.kuflow/lib/'));
      expect(new Set(archives.map(({ how }) => how))).toEqual(new Set(['deleted', 'new']));
      expect(readdirSync(join(root, '.kuflow/lib/kuflow/worker/kuflow-worker'))).toEqual([newJavaLibrary]);
      const libraries = execFileSync('jar', ['--list', '--file', join(root, 'target/app.jar')], { encoding: 'utf8' });
      expect(libraries).toContain(`/kuflow-worker-${newJavaLibrary}.jar`);
    }
    if (project.language === 'typescript') {
      expect(read('node_modules/kuflow-worker/package.json')).toContain(`"version": "${NEW_LIBRARY}"`);
      execFileSync(NPM, ['run', '--silent', 'build'], {
        cwd: root,
        env,
        stdio: 'inherit',
        shell: process.platform === 'win32',
      });
      expect(read('dist/workflow-bundle.js')).toContain('MAX_REREAD_INTERVAL = 6 * HOUR');
    }
    await onQueue(() => completeProcess(root));
  }

  async function completeProcess(root: string): Promise<void> {
    const worker = startWorkerProcess(workerEnvironment(running.platform), root);
    try {
      await worker.ready();
      const processId = await user.start('LOAN');
      const application = { firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 10 };
      await user.complete(processId, 'LOAN_APPLICATION', application);
      await user.complete(processId, 'APPROVE_LOAN', { approved: true });
      await user.completed(processId, () => {
        if (!worker.running()) throw new Error(`The worker ended: ${worker.output()}`);
      });
      const { events = [] } = await user.temporal.workflow.getHandle(processId).fetchHistory();
      const completed = events?.at(-1)?.workflowExecutionCompletedEventAttributes;
      expect(completed?.result?.payloads?.map(isEncrypted)).toEqual([true]);
      // The SDK may log what a workflow logged after the engine knows its result.
      for (const expected of ['Loan process started', 'Loan decided'])
        await until(`the worker logs "${expected}"`, () => worker.log.some(({ message }) => message === expected));
    } finally {
      await worker.kill();
    }
  }

  it.concurrent(
    'passes its checks and completes a process in TypeScript',
    () =>
      update(TYPESCRIPT, (root) => {
        linkModules(generatedProject(), root);
        copyFileSync(join(generatedProject(), 'package-lock.json'), join(root, 'package-lock.json'));
      }),
    600_000,
  );

  it.concurrent(
    'passes its checks and completes a process in Python',
    () =>
      withMemory(() =>
        update(PYTHON_PROJECT, (root) => {
          copyFileSync(join(pythonProject(), 'uv.lock'), join(root, 'uv.lock'));
          copyTypeCache(root);
        }),
      ),
    600_000,
  );

  const missing = missingJdk();
  const java = missing === undefined ? it.concurrent : it.skip;
  java(
    `passes its checks and completes a process in Java${missing === undefined ? '' : `: skipped, because ${missing}`}`,
    () => withMemory(() => update(JAVA_PROJECT, () => undefined)),
    600_000,
  );
});

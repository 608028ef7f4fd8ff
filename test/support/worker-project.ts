import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import type { WorkerDefinition } from '../../src/process/definition.ts';
import { capitalize } from '../../src/base/identifiers.ts';
import { textFile } from '../../src/languages/planned-file.ts';
import { movePackage } from '../../src/languages/java/move-package.ts';
import { installedBin, projectCopy } from './generated-project.ts';
import { archiveClasses, archivedJavaCommand, buildJar, JAVA_PACKAGE, javaProjectCopy } from './java-project.ts';
import { createOnce } from './lanes.ts';
import { pythonCommand, PYTHON_PACKAGE, pythonProjectCopy } from './python-project.ts';

const ADDED = join(import.meta.dirname, 'worker-project');
const ADDED_JAVA = join(import.meta.dirname, 'worker-project-java');
const ADDED_PYTHON = join(import.meta.dirname, 'worker-project-python');
const ANY_PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/**
 * The generated project with the additional workflows and activities of `worker-project/`, built like its image. It is created once per run
 * and only read by tests. `dist/main.js` is the worker.
 */
export function workerProject(): string {
  const folder = join(inject('runFolder'), 'worker-project');
  createOnce(folder, () => {
    projectCopy(folder);
    for (const file of readdirSync(ADDED)) copyFileSync(join(ADDED, file), join(folder, 'src', file));
    appendFileSync(
      join(folder, 'src/workflows.ts'),
      "\nexport * from './trial-workflows.ts';\nexport * from './task-workflows.ts';\nexport * from './journey-workflows.ts';\n",
    );
    const activities = join(folder, 'src/activities.ts');
    const generated = readFileSync(activities, 'utf8').replace(
      '=> ({\n',
      '=> ({\n  ...trialActivities,\n  ...createTaskActivities({ kuflow }),\n  ...createJourneyActivities({ kuflow }),\n\n',
    );
    const imports = [
      "import { createJourneyActivities } from './journey-activities.ts';",
      "import { createTaskActivities } from './task-activities.ts';",
      "import * as trialActivities from './trial-activities.ts';",
    ];
    writeFileSync(activities, `${imports.join('\n')}\n${generated}`);
    const main = join(folder, 'src/main.ts');
    const extended = readFileSync(main, 'utf8').replace(
      ' createActivities,',
      `
  ...extensions,
  createActivities: ({ kuflow, resources }) => {
    resources.use(kuflow.applicationId);
    return createActivities({ kuflow });
  },
 `,
    );
    writeFileSync(main, `import * as extensions from './extensions.ts';\n${extended}`);
    execFileSync(NPM, ['run', '--silent', 'build'], {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    });
  });
  return folder;
}

const javaWorkerParent = (): string => join(inject('runFolder'), 'worker-project-java');
const javaWorkerFolder = (): string => join(javaWorkerParent(), 'loan-worker');

/**
 * The generated Java project with the additional workflows and activities of `worker-project-java/`. It is created once per run and only
 * read by tests. `target/app.jar` is the worker.
 */
export function javaWorkerProject(): string {
  const parent = javaWorkerParent();
  const folder = javaWorkerFolder();
  createOnce(parent, () => {
    javaProjectCopy(folder);
    for (const file of readdirSync(ADDED_JAVA)) {
      const template = `src/main/java/com/example/worker/trial/${file}`;
      const { path, contents } = movePackage(
        textFile(template, readFileSync(join(ADDED_JAVA, file), 'utf8')),
        JAVA_PACKAGE,
      );
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), contents);
    }
    buildJar(folder);
    archiveClasses(folder, (command) => {
      const words = [
        'dev',
        'simulate',
        'LOAN',
        '--state-dir',
        javaSimulation().stateDir,
        ...ANY_PORTS,
        '--',
        ...command,
      ];
      const { status, stdout, stderr } = spawnSync(process.execPath, [installedBin('kuflow'), ...words], {
        cwd: folder,
        env: { ...process.env, WORKER_METRICSPORT: '0', WORKER_HEALTHPORT: '0' },
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`The Java worker did not complete a process: ${stdout}${stderr}`);
      writeFileSync(javaSimulation().output, stdout);
    });
  });
  return folder;
}

/** The process that the worker of `javaWorkerProject` completed in `dev simulate`: what the command printed, and its state folder. */
export function javaSimulation(): { readonly output: string; readonly stateDir: string } {
  return { output: join(javaWorkerParent(), 'simulation.txt'), stateDir: join(javaWorkerParent(), 'state') };
}

/**
 * The generated Python project with the additional workflows and activities of `worker-project-python/`. It is created once per run and only
 * read by tests.
 */
export function pythonWorkerProject(): string {
  const parent = join(inject('runFolder'), 'worker-project-python');
  const folder = join(parent, 'loan-worker');
  createOnce(parent, () => {
    mkdirSync(parent, { recursive: true });
    pythonProjectCopy(folder);
    const trial = join(folder, 'src', PYTHON_PACKAGE, 'trial');
    mkdirSync(trial);
    for (const file of readdirSync(ADDED_PYTHON)) copyFileSync(join(ADDED_PYTHON, file), join(trial, file));
    appendFileSync(
      join(folder, 'src', PYTHON_PACKAGE, 'processes.py'),
      '\nfrom .trial import processes as trial\n\nPROCESSES += trial.PROCESSES\n',
    );
  });
  return folder;
}

/**
 * The workers whose additional workflows and activities have the same names and do the same. Java is the last, because its tests may have to
 * wait for heavy files.
 */
export const WORKERS = [
  {
    language: 'TypeScript',
    project: workerProject,
    command: [process.execPath, join('dist', 'main.js')],
    kuflowActivity: (operation: string): string => `KuFlow_Engine_${operation}`,
  },
  {
    language: 'Python',
    project: pythonWorkerProject,
    command: pythonCommand('.'),
    kuflowActivity: (operation: string): string => `KuFlow_Engine_${operation}`,
  },
  {
    language: 'Java',
    project: javaWorkerProject,
    command: archivedJavaCommand(javaWorkerFolder()),
    // KuFlow's own Java library has these names.
    kuflowActivity: (operation: string): string => `KuFlow_Engine_${capitalize(operation)}`,
  },
] as const;

/** How a generated project identifies itself to KuFlow and to the engine. */
export function workerAgent(language = 'TypeScript'): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
  return `kuflow-worker-${language.toLowerCase()}/${version} (loan-worker)`;
}

/** A process whose workflow is in `worker-project/`, with one task of the same code, on its own queue unless one is given. */
export function trialDefinition(code: string, workflowType: string, taskQueue = `${code}_QUEUE`): WorkerDefinition {
  return {
    process: { code, name: code },
    workflow: { type: workflowType, taskQueue },
    tasks: [{ code, kind: 'human' }],
  };
}

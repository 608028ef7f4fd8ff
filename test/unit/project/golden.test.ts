import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { sampleDefinition } from '../../../src/process/sample.ts';
import { movePackage } from '../../../src/languages/java/move-package.ts';
import { LIBRARY_JAR } from '../../../src/languages/java/render.ts';
import { findLibrary } from '../../../src/languages/worker-library.ts';
import { movePythonPackage } from '../../../src/languages/python/render.ts';
import { LANGUAGE_IDS } from '../../../src/languages/language-ids.ts';
import type { ProjectSpec } from '../../../src/languages/project-spec.ts';
import { languageOf } from '../../../src/languages/all-languages.ts';
import { listFiles } from '../../../src/languages/templates/files.ts';
import { loadTemplateSet } from '../../../src/languages/templates/set.ts';
import { textOf, type PlannedFile } from '../../../src/languages/planned-file.ts';
import { BASE_FILE, baseOf, parseBase } from '../../../src/project/base-archive.ts';
import { planProject } from '../../../src/project/plan.ts';

const GOLDEN = join(import.meta.dirname, '../../golden');

/** Too long to be read. test/unit/templates/lock-files.test.ts compares them. */
const LOCKS = [
  'requirements.txt',
  'requirements-dev.txt',
  ...LANGUAGE_IDS.map((language) => languageOf({ language })).flatMap(({ packageManagers, tools }) =>
    packageManagers.flatMap(tools.lockFiles),
  ),
];

const defaults: ProjectSpec = {
  name: 'loan-worker',
  language: 'typescript',
  processes: [{ definition: sampleDefinition(), source: 'sample' }],
  local: true,
  packageManager: 'npm',
  cliPackage: '1.0.0',
};

const javaDefaults: ProjectSpec = {
  ...defaults,
  language: 'java',
  packageManager: 'maven',
  packageName: 'com.example.loanworker',
  slug: 'loan',
};

const pythonDefaults: ProjectSpec = {
  ...defaults,
  language: 'python',
  packageManager: 'uv',
  packageName: 'loan_worker',
  slug: 'loan',
};

/** What a second process adds to the specs above. */
const twoProcesses: Pick<ProjectSpec, 'processes'> = {
  processes: [
    ...defaults.processes,
    {
      slug: 'leave',
      source: 'flags',
      definition: {
        process: { code: 'LEAVE', name: 'Leave' },
        workflow: { type: 'LeaveWorkflow', taskQueue: 'LOAN_QUEUE' },
        tasks: [
          { code: 'REQUEST', kind: 'human', name: 'Ask for leave' },
          { code: 'CHECK_CREDIT', kind: 'system' },
        ],
      },
      choices: { CHECK_CREDIT: { activity: 'leaveCheckCredit' } },
    },
  ],
};

const connected: Pick<ProjectSpec, 'local' | 'connection'> = {
  local: false,
  connection: {
    'kuflow.api.endpoint': 'https://kuflow.example',
    'kuflow.api.client-id': '7a1d7c5e-52a1-4f3c-9d0a-0f6a2f8f0c11',
    'kuflow.api.client-secret': new Secret('not a secret'),
    'temporal.target': 'engine.example:443',
  },
};

const options: Readonly<Record<string, ProjectSpec>> = {
  pnpm: { ...defaults, packageManager: 'pnpm' },
  yarn: { ...defaults, packageManager: 'yarn@4' },
  'yarn-1': { ...defaults, packageManager: 'yarn@1' },
  bun: { ...defaults, packageManager: 'bun' },
  'two-processes': { ...defaults, ...twoProcesses },
  connected: { ...defaults, ...connected },
  editors: { ...defaults, editors: ['vscode'] },
  registry: { ...defaults, library: 'registry' },
};

const javaOptions: Readonly<Record<string, ProjectSpec>> = {
  'two-processes': { ...javaDefaults, ...twoProcesses },
  connected: { ...javaDefaults, ...connected },
  editors: { ...javaDefaults, editors: ['vscode', 'intellij'] },
  registry: { ...javaDefaults, library: 'registry' },
};

const pythonOptions: Readonly<Record<string, ProjectSpec>> = {
  pip: { ...pythonDefaults, packageManager: 'pip' },
  'two-processes': { ...pythonDefaults, ...twoProcesses },
  connected: { ...pythonDefaults, ...connected },
  editors: { ...pythonDefaults, editors: ['vscode'] },
  registry: { ...pythonDefaults, library: 'registry' },
};

// Files with a leading dot would affect this repository. The archive is stored as the list of its entries.
const stored = (path: string): string =>
  path
    .split('/')
    .map((part) => part.replace(/^\./, 'dot-'))
    .join('/')
    .replace(/\.tgz$/, '.tgz.txt');

type PlannedTexts = ReadonlyMap<string, { readonly text: string; readonly mode: number }>;

const plans = new Map<ProjectSpec, Promise<PlannedTexts>>();

/** The files of the project, which are planned once for all tests. */
function planned(spec: ProjectSpec): Promise<PlannedTexts> {
  const plan = plans.get(spec) ?? planTexts(spec);
  plans.set(spec, plan);
  return plan;
}

async function planTexts(spec: ProjectSpec): Promise<PlannedTexts> {
  const plan = await planProject(spec, { version: '1.0.0', command: 'create-kuflow-worker loan-worker' });
  return new Map(
    await Promise.all(
      plan.map(async (file) => {
        if (isLibrary(file.path)) return [withoutBuild(file.path), { text: '', mode: file.mode }] as const;
        const text =
          file.path === BASE_FILE
            ? await entriesOf(file, plan)
            : LOCKS.includes(file.path)
              ? 'The lock file of the template\n'
              : textOf(file);
        return [file.path, { text: withoutBuild(text), mode: file.mode }] as const;
      }),
    ),
  );
}

const JAVA_LIBRARY_BUILD = findLibrary('java', LIBRARY_JAR).version;

/** Without the part of the Java library's version that changes with its sources. */
function withoutBuild(text: string): string {
  return text.replaceAll(JAVA_LIBRARY_BUILD, JAVA_LIBRARY_BUILD.replace(/-\w+$/, ''));
}

/** The entries of the archive, which are files of the project. */
async function entriesOf(archive: PlannedFile, files: readonly PlannedFile[]): Promise<string> {
  const { generated, merged } = await parseBase(archive.contents);
  expect(merged.size).toBe(0);
  expect(generated).toEqual(baseOf(files.filter(({ path }) => generated.has(path))).generated);
  return `${[...generated].map(([path, { mode }]) => `${mode.toString(8)} ${path}`).join('\n')}\n`;
}

/** The lines that only one side has, by file: enough to see what an option changes. */
async function changes(from: ProjectSpec, spec: ProjectSpec): Promise<string> {
  const before = await planned(from);
  const after = await planned(spec);
  const rows: string[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [one, other] = [before.get(path), after.get(path)];
    if (one?.text === other?.text && one?.mode === other?.mode) continue;
    rows.push(`${path} ${other === undefined ? 'is not there' : `mode ${other.mode.toString(8)}`}`);
    const [left, right] = [one?.text.split('\n') ?? [], other?.text.split('\n') ?? []];
    rows.push(...left.filter((line) => !right.includes(line)).map((line) => `- ${line}`));
    rows.push(...right.filter((line) => !left.includes(line)).map((line) => `+ ${line}`));
  }
  return `${rows.join('\n')}\n`;
}

const MOVE = { typescript: (file: PlannedFile) => file, java: movePackage, python: movePythonPackage };

/** The texts of files that are the same in every project, by path. */
async function copiedTexts({ language, packageName = '' }: ProjectSpec): Promise<ReadonlyMap<string, string>> {
  const files = (await loadTemplateSet())(language)
    .filter(({ render }) => render === undefined)
    .map(({ path, contents }): PlannedFile => MOVE[language]({ path, contents, mode: 0o644 }, packageName));
  return new Map(files.map((file) => [file.path, textOf(file)]));
}

const isLibrary = (path: string): boolean => path.startsWith('.kuflow/lib/');

async function expectGolden(spec: ProjectSpec): Promise<void> {
  const { language } = spec;
  const files = await planned(spec);
  const copied = await copiedTexts(spec);
  const rows = [...files].map(([path, { mode, text }]) => {
    const kind = isLibrary(path) ? 'library ' : copied.get(path) === text ? 'copied  ' : 'rendered';
    return `${mode.toString(8)} ${kind} ${path}`;
  });
  await expect(`${rows.join('\n')}\n`).toMatchFileSnapshot(join(GOLDEN, `${language}-tree.txt`));
  const rendered = [...files].filter(
    ([path, { text }]) => !isLibrary(path) && !LOCKS.includes(path) && copied.get(path) !== text,
  );
  for (const [path, { text }] of rendered) await expect(text).toMatchFileSnapshot(join(GOLDEN, language, stored(path)));
  expect(listFiles(join(GOLDEN, language))).toEqual(rendered.map(([path]) => stored(path)).sort());
  expect([...files.values()].filter(({ mode }) => mode === 0o600)).toEqual([]);
}

describe('the generated TypeScript project', () => {
  it('matches the golden tree with default options: rendered files, and the list of others', async () => {
    await expectGolden(defaults);
  });

  it('has a workflow of at most 80 lines without wiring [workflow.sample]', async () => {
    const text = (await planned(defaults)).get('src/workflows.ts')?.text ?? '';
    expect(text).toContain('LoanWorkflow');
    expect(text.split('\n').length).toBeLessThanOrEqual(80);
    expect(text).not.toMatch(/proxyActivities|setHandler|KuFlow_Engine/);
  });

  it.each(Object.keys(options))('changes only what the golden diff shows with the option %s', async (name) => {
    const difference = await changes(defaults, options[name] ?? defaults);
    await expect(difference).toMatchFileSnapshot(join(GOLDEN, 'typescript-options', `${name}.txt`));
  });
});

it.each([javaDefaults, pythonDefaults])(
  'keeps the line endings of scripts in every checkout: $language',
  async (spec) => {
    const lines = (await planned(spec)).get('.gitattributes')?.text.split('\n') ?? [];
    expect(lines).toEqual(expect.arrayContaining(['kuflow text eol=lf', '*.cmd text eol=crlf']));
  },
);

it.each([javaDefaults, pythonDefaults])('ends each line of kuflow.cmd with CRLF: $language', async (spec) => {
  const lines = (await planned(spec)).get('kuflow.cmd')?.text.split('\n') ?? [];
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.slice(0, -1).every((line) => line.endsWith('\r'))).toBe(true);
});

describe('the generated Java project', () => {
  it('matches the golden tree with default options: rendered files, and the list of others', async () => {
    await expectGolden(javaDefaults);
  });

  it('has a workflow of at most 80 lines without wiring [java: workflow.sample]', async () => {
    const text = (await planned(javaDefaults)).get('src/main/java/com/example/loanworker/loan/LoanWorkflowImpl.java');
    expect(text?.text).toContain('LoanWorkflow');
    expect(text?.text.split('\n').length).toBeLessThanOrEqual(80);
    expect(text?.text).not.toMatch(/newActivityStub|registerListener|KuFlow_Engine/);
  });

  it.each(Object.keys(javaOptions))('changes only what the golden diff shows with the option %s', async (name) => {
    const difference = await changes(javaDefaults, javaOptions[name] ?? javaDefaults);
    await expect(difference).toMatchFileSnapshot(join(GOLDEN, 'java-options', `${name}.txt`));
  });
});

describe('the generated Python project', () => {
  it('matches the golden tree with default options: rendered files, and the list of others', async () => {
    await expectGolden(pythonDefaults);
  });

  it('has a workflow of at most 80 lines without wiring [python: workflow.sample]', async () => {
    const text = (await planned(pythonDefaults)).get('src/loan_worker/loan/workflow.py');
    expect(text?.text).toContain('LoanWorkflow');
    expect(text?.text.split('\n').length).toBeLessThanOrEqual(80);
    expect(text?.text).not.toMatch(/execute_activity|set_signal_handler|KuFlow_Engine/);
  });

  it.each(Object.keys(pythonOptions))('changes only what the golden diff shows with the option %s', async (name) => {
    const difference = await changes(pythonDefaults, pythonOptions[name] ?? pythonDefaults);
    await expect(difference).toMatchFileSnapshot(join(GOLDEN, 'python-options', `${name}.txt`));
  });
});

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { PlannedFile } from '../../src/languages/planned-file.ts';
import { renderProject } from '../../src/project/render.ts';
import { readTemplateFiles } from '../../src/languages/templates/files.ts';
import { loadTemplateSet } from '../../src/languages/templates/set.ts';
import { definitionOf, usableFile, type HostileFile } from '../support/hostile-definitions.ts';
import { generatedProject, linkModules } from '../support/generated-project.ts';
import { temporalPath } from '../support/temporal-path.ts';

const SEED = 20251125;
const PROJECTS = 25;
/** Generated modules that hold words of a definition; all others are the same in each project. */
const OWN = readTemplateFiles('typescript')
  .filter(({ rendered, path }) => rendered && path.endsWith('.ts'))
  .map(({ path }) => path);

const data = { schema: { type: 'object', required: ['a'], properties: { a: { type: 'string' } } } };
/** Names that compile and would break when it runs: what a module, an object or a promise is taken for. */
const AT_RUN_TIME: HostileFile = {
  process: { code: '__proto__', name: '*/ `${process.exit(1)}` \\' },
  workflow: { type: 'it\'s "quoted" \n\u2028 ${1} `', 'task-queue': 'constructor: \n # {} \u202e' },
  metadata: { schema: { type: 'object', properties: { ['__proto__']: { type: 'string' } } } },
  tasks: [
    ...['__proto__', 'constructor', 'PROCESS_ID', 'it\'s "quoted"', '🎉'].map((code) => ({
      code,
      kind: 'human',
      data,
    })),
    ...['THEN', 'TO_STRING', 'VALUE_OF', 'HAS_OWN_PROPERTY', 'TO_JSON', 'DEFAULT', 'then', 'a\n\u2028b', '`${1}`'].map(
      (code) => ({ code, kind: 'system', data }),
    ),
    { code: '{{name}}', kind: 'message' },
    { code: '*/', kind: 'thread' },
  ],
};

let folder: string;
let projects: readonly string[];

function write(project: string, files: readonly PlannedFile[]): void {
  for (const { path, contents } of files) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), contents);
  }
}

/** The nastiest of many: those in which most of the text that came in is none that a name could be. */
function nastiest(): readonly HostileFile[] {
  const nastiness = (file: HostileFile): number =>
    (JSON.stringify(file).match(/[^\w\s",:[\]{}]|\\u|\\n/g)?.length ?? 0) / 100 + file.tasks.length;
  const some = fc.sample(usableFile, { numRuns: 12 * PROJECTS, seed: SEED });
  // One of each dozen, so that they stay different from each other.
  return Array.from({ length: PROJECTS - 1 }, (_, at) => {
    const dozen = some.slice(12 * at, 12 * (at + 1));
    return dozen.reduce((worst, file) => (nastiness(file) > nastiness(worst) ? file : worst));
  });
}

function node(args: readonly string[], cwd: string, env = process.env): Promise<{ status: number; out: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env, encoding: 'utf8', maxBuffer: 64 << 20 }, (error, out, err) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), out: out + err }),
    );
  });
}

/** What the compiler says of all projects, by the first one's own configuration: modules are read once. */
async function typeErrors(): Promise<readonly string[]> {
  const [first = ''] = projects;
  const { include } = JSON.parse(readFileSync(join(first, 'tsconfig.json'), 'utf8')) as { include: readonly string[] };
  const config = {
    extends: join(first, 'tsconfig.json'),
    include: projects.flatMap((one) => include.map((path) => join(one, path))),
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(folder, 'node_modules', 'typescript', 'bin', 'tsc');
  const { out } = await node([tsc, '--pretty', 'false', '-p', join(folder, 'tsconfig.json')], folder);
  return out.split('\n').filter((line) => line !== '');
}

/** As `eslint .` in each project would, in one process, of the files that differ; of the first project all. */
const LINT = `
import { join } from 'node:path';
import { ESLint } from 'eslint';
const [own, ...projects] = process.argv.slice(2);
for (const [index, cwd] of projects.entries()) {
  const overrideConfig = { languageOptions: { parserOptions: { tsconfigRootDir: cwd } } };
  const results = await new ESLint({ cwd, overrideConfig }).lintFiles(index === 0 ? ['.'] : JSON.parse(own));
  for (const { filePath, messages } of results)
    for (const { line, ruleId, message } of messages) console.log([filePath, line, ruleId, message].join(' '));
}
`;

async function lintProblems(all: readonly string[]): Promise<readonly string[]> {
  const script = join(folder, 'lint.mjs');
  writeFileSync(script, LINT);
  const { out } = await node([script, JSON.stringify(OWN), ...all], folder);
  return out.split('\n').filter((line) => line !== '');
}

beforeAll(async () => {
  folder = mkdtempSync(join(inject('runFolder'), 'hostile-'));
  // Above all projects of this file, where their modules are looked for.
  linkModules(generatedProject(), folder);
  const templates = await loadTemplateSet();
  const files = [AT_RUN_TIME, ...nastiest()];
  projects = files.map((_, index) => join(folder, `p${index}`));
  for (const [index, file] of files.entries()) {
    const answers = {
      name: 'a-worker',
      language: 'typescript',
      definition: definitionOf(file),
      definitionSource: 'file',
      local: true,
      packageManager: 'npm',
      cliPackage: '1.2.3',
    } as const;
    write(projects[index] ?? '', await renderProject(answers, templates));
  }
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe(`${PROJECTS} projects of hostile definitions (seed ${SEED})`, () => {
  it('type-check by their own configuration, and a wrong line in one would be found', async () => {
    const wrong = join(projects[7] ?? '', 'src', 'wrong.ts');
    writeFileSync(wrong, `export const wrong: string = 1;\n`);
    const errors = await typeErrors();
    rmSync(wrong);
    expect(errors).toEqual([expect.stringMatching(/^p7\/src\/wrong\.ts\(1,14\): error TS2322/)]);
  });

  it('lint by their own configuration, and a wrong line in one would be found', async () => {
    const [first = ''] = projects;
    const wrong = join(first, 'src', 'wrong.ts');
    writeFileSync(wrong, `export const wrong = (a: number) => a == 1;\n`);
    const problems = await lintProblems(projects);
    rmSync(wrong);
    expect(problems).toEqual([expect.stringMatching(/p0.src.wrong\.ts 1 eqeqeq /)]);
  });

  it('run: the tests of one whose names are those of every object and promise pass', async () => {
    const [first = ''] = projects;
    const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs');
    const { status, out } = await node([vitest, 'run', 'test/workflows.test.ts', 'test/settings.test.ts'], first, {
      ...process.env,
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      KUFLOW_TEMPORAL_PATH: await temporalPath(),
    });
    expect(status, out).toBe(0);
    expect(out).toMatch(/Tests {2}\d+ passed/);
  });
});

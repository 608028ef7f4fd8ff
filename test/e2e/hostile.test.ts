import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { PlannedFile } from '../../src/languages/planned-file.ts';
import { renderProject } from '../../src/project/render.ts';
import { loadTemplateSet } from '../../src/languages/templates/set.ts';
import { definitionOf, usableFile, type HostileFile } from '../support/hostile-definitions.ts';
import { generatedProject, linkModules } from '../support/generated-project.ts';
import { OBJECT_MEMBERS } from '../support/hostile-texts.ts';
import { temporalPath } from '../support/temporal-path.ts';

const SEED = 20251125;
const SOAK = process.env['KUFLOW_SOAK'] === '1';
const PROJECTS = SOAK ? 25 : 10;
/** Generated modules that contain text from a definition. All other modules are the same in every project. */
const OWN = (await loadTemplateSet())('typescript')
  .filter(({ render, path }) => render !== undefined && path.endsWith('.ts'))
  .map(({ path }) => path);

/** Properties that every object already has, in each position of a type. */
const inherited = Object.fromEntries(OBJECT_MEMBERS.map((name) => [name, { type: 'string' }]));
const data = {
  schema: {
    type: 'object',
    required: ['a'],
    properties: {
      a: { type: 'string' },
      ...inherited,
      nested: { type: 'object', properties: inherited },
      list: { type: 'array', items: { type: 'object', properties: inherited, required: OBJECT_MEMBERS } },
    },
  },
};
/** Names that compile but could break at run time, because they mean something to modules, objects or promises. */
const AT_RUN_TIME: HostileFile = {
  process: { code: '__proto__', name: '*/ `${process.exit(1)}` \\' },
  workflow: { type: 'it\'s "quoted" \n\u2028 ${1} `', 'task-queue': 'constructor: \n # {} \u202e' },
  metadata: { schema: { type: 'object', properties: inherited } },
  entity: { schema: { type: 'object', properties: inherited, required: OBJECT_MEMBERS } },
  tasks: [
    ...['__proto__', 'constructor', 'PROCESS_ID', 'it\'s "quoted"', '🎉', '2ND_REVIEW', 'ΈΛΕΓΧΟΣ'].map((code) => ({
      code,
      kind: 'human',
      data,
      'context-data': data,
    })),
    ...[
      'THEN',
      'TO_STRING',
      'VALUE_OF',
      'HAS_OWN_PROPERTY',
      'TO_JSON',
      'DEFAULT',
      'then',
      'a\n\u2028b',
      '`${1}`',
      '審査',
    ].map((code) => ({ code, kind: 'system', data })),
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

/** The most hostile of many random definitions: those with the most characters that cannot be part of a name. */
function nastiest(): readonly HostileFile[] {
  const nastiness = (file: HostileFile): number =>
    (JSON.stringify(file).match(/[^\w\s",:[\]{}]|\\u|\\n/g)?.length ?? 0) / 100 + file.tasks.length;
  const some = fc.sample(usableFile, { numRuns: 12 * PROJECTS, seed: SEED });
  // One from each dozen, to keep them diverse.
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

/** Type-checks all projects with the first one's configuration, so that modules are read only once. */
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

/**
 * Lints like `eslint .` in each project, but in one process. After the first project, only files that differ, and without the rules that need
 * types: they load the whole project and do not depend on names.
 */
const LINT = `
import { ESLint } from 'eslint';
const [own, ...projects] = process.argv.slice(2);
for (const [index, cwd] of projects.entries()) {
  const untyped = { '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/no-misused-promises': 'off' };
  const parserOptions = { tsconfigRootDir: cwd, ...(index === 0 ? {} : { projectService: false }) };
  const overrideConfig = { languageOptions: { parserOptions }, rules: index === 0 ? {} : untyped };
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
  // In the parent folder of all projects in this file, where Node.js finds the modules.
  linkModules(generatedProject(), folder);
  const files = [AT_RUN_TIME, ...nastiest()];
  projects = files.map((_, index) => join(folder, `p${index}`));
  for (const [index, file] of files.entries()) {
    const answers = {
      name: 'a-worker',
      language: 'typescript',
      processes: [{ definition: definitionOf(file), source: 'file' }],
      local: true,
      packageManager: 'npm',
      cliPackage: '1.2.3',
    } as const;
    write(projects[index] ?? '', await renderProject(answers));
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe(`${PROJECTS} projects from hostile definitions (seed ${SEED})`, () => {
  it('pass their own type check, which finds a deliberate mistake', async () => {
    const wrong = join(projects[7] ?? '', 'src', 'wrong.ts');
    writeFileSync(wrong, `export const wrong: string = 1;\n`);
    const errors = await typeErrors();
    rmSync(wrong);
    expect(errors).toEqual([expect.stringMatching(/^p7\/src\/wrong\.ts\(1,14\): error TS2322/)]);
  });

  if (SOAK)
    it('pass their own lint rules, which find a deliberate mistake', async () => {
      const [first = ''] = projects;
      const wrong = join(first, 'src', 'wrong.ts');
      writeFileSync(wrong, `export const wrong = (a: number) => a == 1;\n`);
      const problems = await lintProblems(projects);
      rmSync(wrong);
      expect(problems).toEqual([expect.stringMatching(/p0.src.wrong\.ts 1 eqeqeq /)]);
    });

  if (SOAK)
    it('pass their tests, even with names that every object or promise has', async () => {
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

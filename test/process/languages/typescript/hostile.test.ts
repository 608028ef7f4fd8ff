import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KnownError } from '../../../../src/base/errors.ts';
import { capitalize, identifier } from '../../../../src/base/identifiers.ts';
import { isTsIdentifier } from '../../../../src/languages/typescript/literals.ts';
import { parseDefinition } from '../../../../src/process/definition/file.ts';
import type { WorkerDefinition } from '../../../../src/process/definition.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import type { ProjectSpec } from '../../../../src/languages/project-spec.ts';
import { nameTasks } from '../../../../src/languages/task-names.ts';
import { RESERVED, TS_NAMING } from '../../../../src/languages/typescript/process-context.ts';
import { templateContext } from '../../../../src/languages/typescript/render.ts';
import { REFERENCE_TYPES } from '../../../../src/schema/kuflow-formats.ts';
import { renderProject } from '../../../../src/project/render.ts';
import { loadTemplateSet } from '../../../../src/languages/templates/set.ts';
import { brokenFile, definitionOf, usableFile } from '../../../support/hostile-definitions.ts';
import { hostileText, MARK } from '../../../support/hostile-texts.ts';
import { skeletonOf } from '../../../support/markdown-skeleton.ts';
import { shellArguments } from '../../../support/shell-arguments.ts';
import { strangers, tokensOf, type Vocabulary } from '../../../support/token-check.ts';

const LIBRARY = { version: '1.0.0', file: 'x.tgz', sha256: '', integrity: '' };

const USABLE = 250;
const BROKEN = 80;
const DEFINITION = 'kuflow.process.yaml';
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

type Files = ReadonlyMap<string, string>;

/** Files that are the same in every project. */
let paths: readonly string[] | undefined;
/** Files that could contain text from a definition. */
let rendered: ReadonlySet<string>;
/** The rendered files of a harmless process. */
let plain: Files;
let plainPages: readonly string[];
let vocabulary: Vocabulary;

function specOf(definition: WorkerDefinition): ProjectSpec {
  return {
    name: 'a-worker',
    language: 'typescript',
    processes: [{ definition, source: 'file' }],
    local: true,
    packageManager: 'npm',
    cliPackage: '0.1.0',
  };
}

async function render(definition: WorkerDefinition): Promise<Files> {
  const files = await renderProject(specOf(definition));
  paths ??= files.map(({ path }) => path);
  expect(files.map(({ path }) => path)).toEqual(paths);
  return new Map(
    files
      .filter(({ path }) => rendered.has(path))
      .map(({ path, contents }) => [path, Buffer.from(contents).toString('utf8')]),
  );
}

/** The README has a row for each task, and no table without tasks. */
const TASK_TABLE = /^table\(\[\]\[\]\[\](?:\/\[codespan\(\)\]\[\]\[\])+\)\n/m;
const pagesOf = (files: Files): readonly string[] =>
  ['README.md', 'AGENTS.md'].map((path) => skeletonOf(files.get(path) ?? '').replace(TASK_TABLE, ''));

beforeAll(async () => {
  const sources = (await loadTemplateSet())('typescript');
  rendered = new Set([...sources.filter(({ render }) => render !== undefined).map(({ path }) => path), DEFINITION]);
  const sample = sampleDefinition();
  plain = await render(sample);
  plainPages = pagesOf(plain);
  const entity = { schema: { type: 'object', properties: { a: { type: ['null', 'boolean'] } } } };
  const modules = [
    plain,
    await render({ ...sample, tasks: [], entity }),
    await render({ ...sample, workflow: { type: 'a b', taskQueue: 'Q' } }),
  ].flatMap((files) => [...files].filter(([path]) => path.endsWith('.ts')).map(([path, text]) => tokensOf(path, text)));
  const words = [...modules.flatMap((module) => module.words), ...'unknown never null true false Record'.split(' ')];
  vocabulary = { words: new Set(words), templates: new Set(modules.flatMap((module) => module.templates)) };
  expect([...plain.values()].join('').toLowerCase()).not.toContain(MARK);
});

/** The identifiers derived from the texts. */
function madeNames(definition: WorkerDefinition): readonly string[] {
  const { type } = definition.workflow;
  const names = Object.values(nameTasks(definition, {}, TS_NAMING)).map(({ name = '' }) => name);
  return [
    isTsIdentifier(type) && !RESERVED.has(type) ? type : identifier(type, 'pascal', RESERVED, 'workflow'),
    ...names,
    ...names.map(capitalize).flatMap((name) => [`${name}Data`, `${name}Context`, `${name}Input`]),
  ];
}

function problemsOf(definition: WorkerDefinition, files: Files): readonly string[] {
  const known = { ...vocabulary, words: new Set([...vocabulary.words, ...REFERENCE_TYPES, ...madeNames(definition)]) };
  const problems: string[] = [];
  for (const [path, text] of files) {
    if (HIDDEN.test(text.replaceAll('\n', ''))) problems.push(`${path} holds hidden characters`);
    // Ajv writes the code of the validators. What it accepts is compared with Ajv in validators.test.ts.
    if (path.endsWith('.ts') && !path.endsWith('/validators.ts'))
      problems.push(...strangers(tokensOf(path, text), known).map((stranger) => `${path}: ${stranger}`));
  }
  return problems;
}

/** Files that contain nothing, or only one value, from the definition. */
function checkData(definition: WorkerDefinition, files: Files): void {
  for (const path of ['Dockerfile', '.github/workflows/ci.yml', 'deploy/deployment.yaml', 'deploy/secret.example.yaml'])
    expect(files.get(path), path).toBe(plain.get(path));
  expect(parse(files.get('application.yaml') ?? '')).toEqual({
    temporal: { 'kuflow-queue': definition.workflow.taskQueue },
  });
  const manifest = JSON.parse(files.get('package.json') ?? '') as { scripts: Record<string, string> };
  const ordinary = JSON.parse(plain.get('package.json') ?? '') as { scripts: Record<string, string> };
  expect({ ...manifest, scripts: { ...manifest.scripts, smoke: ordinary.scripts['smoke'] } }).toEqual(ordinary);
  expect(pagesOf(files)).toEqual(plainPages);
}

async function check(definition: WorkerDefinition): Promise<void> {
  const files = await render(definition);
  expect(problemsOf(definition, files)).toEqual([]);
  checkData(definition, files);
  const again = await parseDefinition(files.get(DEFINITION) ?? '', DEFINITION);
  // Prints a full diff only if there is a difference.
  if (!isDeepStrictEqual(again, definition)) expect(again).toEqual(definition);
}

describe('hostile definitions', () => {
  it('become data in every file, never code', async () => {
    await fc.assert(
      fc.asyncProperty(usableFile, (file) => check(definitionOf(file))),
      { numRuns: USABLE },
    );
  });

  it('are accepted or rejected with a reason, wherever they come from', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(brokenFile, async (file) => {
        const read = await parseDefinition(JSON.stringify(file), 'x.json').catch((error: unknown) => error);
        if (!(read instanceof Error)) return check(read as WorkerDefinition);
        refused += 1;
        expect(read).toBeInstanceOf(KnownError);
        expect(read.message).toMatch(/\n {2}x\.json:\d+:\d+ \S/);
        const error = await render(definitionOf(file)).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(KnownError);
        expect((error as KnownError).message).toMatch(/\n {2}\S/);
      }),
      { numRuns: BROKEN },
    );
    expect(refused).toBeGreaterThan(BROKEN / 10);
    expect(refused).toBeLessThan(BROKEN);
  });

  it.skipIf(process.platform === 'win32')(
    'are passed to the simulation as one shell word, or left out (needs a POSIX shell)',
    () => {
      const codes = fc.sample(hostileText, 600).filter((code) => code.trim() !== '');
      const scripts = codes.map((code) => {
        const { process, ...rest } = sampleDefinition();
        const context = templateContext(specOf({ process: { ...process, code }, ...rest }), LIBRARY);
        return (context as { readonly smokeScript: string }).smokeScript;
      });
      const seen = shellArguments('kuflow', scripts);
      const rest = ['--', 'node', '--import', 'tsx', 'src/main.ts', '--dev'];
      const named = codes.filter((code, index) => {
        const [dev, simulate, ...words] = seen[index] ?? [];
        expect([dev, simulate]).toEqual(['dev', 'simulate']);
        expect([[code, ...rest], rest]).toContainEqual(words);
        return words[0] === code;
      });
      expect(named.length).toBeGreaterThan(codes.length / 10);
      // For cmd.exe: only words outside of quotes, and nothing in them that it expands.
      for (const script of scripts)
        expect(script).toMatch(/^kuflow dev simulate (?:"[^"%^!\\]*" |[\w./-]+ )?-- node [\w ./-]+$/u);
    },
  );
});

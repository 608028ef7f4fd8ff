import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import type { Json } from '../../src/base/json.ts';
import { actionClass, pythonActions } from '../../src/languages/python/actions.ts';
import { pythonInputType } from '../../src/languages/python/activities.ts';
import { isPythonField, pyString, PYTHON_NAMING } from '../../src/languages/python/literals.ts';
import { pythonLayout } from '../../src/languages/python/layout.ts';
import { pythonTypeOf, type PythonType } from '../../src/languages/python/python-types.ts';
import { renderPython } from '../../src/languages/python/render.ts';
import { processTasks } from '../../src/languages/process-tasks.ts';
import type { PlannedFile } from '../../src/languages/planned-file.ts';
import type { ProjectSpec } from '../../src/languages/project-spec.ts';
import { loadTemplateSet, type TemplateSet } from '../../src/languages/templates/set.ts';
import type { ActionDefinition, WorkerDefinition } from '../../src/process/definition.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { REFERENCE_TYPES } from '../../src/schema/kuflow-formats.ts';
import { fileName } from '../../src/base/file-name.ts';
import { definitionOf, usableFile } from '../support/hostile-definitions.ts';
import { hostileText } from '../support/hostile-texts.ts';
import { runHeavy } from '../support/lanes.ts';
import { ordinaryDefinition } from '../support/ordinary-definitions.ts';
import { pyValue } from '../support/printed-schemas.ts';
import { copyTypeCache, PYTHON_PACKAGE, pythonProjectCopy, runPython } from '../support/python-project.ts';

runHeavy();

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const PARSED = SOAK ? 2000 : 250;
const CHECKED = SOAK ? 50 : 15;
const SEED = 20261127;
const SUPPORT = join(import.meta.dirname, '../support/python');
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

const specOf = (definition: WorkerDefinition): ProjectSpec => ({
  name: 'a-worker',
  language: 'python',
  packageName: 'a_worker',
  slug: fileName(definition.process.code),
  processes: [{ definition, source: 'file' }],
  local: true,
  packageManager: 'uv',
  cliPackage: '0.1.0',
});

/** Adds an action for each task, with the same code, name and data, so that the names of their code collide. */
function withActions(definition: WorkerDefinition): WorkerDefinition {
  const actions = definition.tasks.map(({ code, name, data }, index): ActionDefinition => {
    const about = { code, ...(name !== undefined && { name }) };
    const workflow = { type: `${code} ${index}`, taskQueue: 'QUEUE' };
    if (index % 3 > 0) return { ...about, type: index % 3 === 1 ? 'downloadable' : 'start-workflow', workflow };
    return { ...about, type: 'send-workflow-signal', signal: code, ...(data !== undefined && { input: data }) };
  });
  return { ...definition, actions: [...(definition.actions ?? []), ...actions] };
}

/** Their code has every name that the templates and the printers of types use. */
const shape = {
  schema: {
    type: 'object',
    properties: Object.fromEntries(
      [
        { type: 'array', items: { type: 'integer' } },
        { type: 'object', additionalProperties: { type: 'number' } },
        { type: ['string', 'boolean', 'null'] },
        { type: 'string', enum: ['A'] },
        true,
        false,
        ...['kuflow-file', 'kuflow-principal', 'kuflow-group'].map((format) => ({ type: 'string', format })),
      ].map((schema, index) => ['a-b-c-d-e-f-g-h-i'.charAt(2 * index), schema]),
    ),
  },
} as const satisfies WorkerDefinition['metadata'];
const odd = {
  schema: { type: 'object', required: ['a b', 'c d'], properties: { 'a b': { const: 1e21 }, 'c d': false } },
} as const satisfies WorkerDefinition['metadata'];
const HARMLESS: readonly WorkerDefinition[] = [
  withActions(sampleDefinition()),
  {
    ...sampleDefinition(),
    metadata: shape,
    entity: odd,
    tasks: (['human', 'system'] as const).flatMap((kind) => [
      { code: `${kind}A`, kind, data: shape, contextData: shape },
      { code: `${kind}B`, kind },
      { code: `${kind}C`, kind, data: odd },
      {
        code: `${kind}D`,
        kind,
        data: { schema: { type: 'object', required: ['x'], properties: { x: { type: 'integer', const: 1e21 } } } },
      },
    ]),
  },
  { ...sampleDefinition(), metadata: { schema: { type: 'object' } }, tasks: [] },
];
/** Names in code for values without their own type. */
const MORE_NAMES = [...REFERENCE_TYPES, 'int'];

describe('texts', () => {
  it('become literals in Python with the same value', () => {
    const texts = fc.sample(fc.oneof(hostileText, fc.string({ unit: 'binary' })), { numRuns: PARSED, seed: SEED });
    const values = fc.sample(fc.jsonValue({ stringUnit: 'binary' }), {
      numRuns: PARSED,
      seed: SEED,
    }) as Json[];
    const pairs = [
      ...texts.map((text) => [pyString(text), text]),
      ...values.map((value) => [pyValue(value, 0, 40), value]),
    ];
    expect(runSupport('evaluate_literals.py', pairs)).toEqual([]);
    expect(pairs.filter(([literal]) => HIDDEN.test((literal as string).replaceAll('\n', '')))).toEqual([]);
  });
});

describe('hostile definitions', () => {
  it('become literals, comments and data in Python, never code', async () => {
    const templates = await loadTemplateSet();
    const definitions = fc.sample(usableFile, { numRuns: PARSED, seed: SEED }).map(definitionOf).map(withActions);
    const harmless = HARMLESS.flatMap((definition) => sourcesOf(definition, templates));
    const sources = [...harmless, ...definitions.flatMap((definition) => sourcesOf(definition, templates))];
    const parsed = runSupport(
      'parse_sources.py',
      sources.map(({ text }) => text),
    ) as readonly Parsed[];
    expect(parsed).toHaveLength(sources.length);
    const vocabulary = new Set([...parsed.slice(0, harmless.length).flatMap(({ names }) => names), ...MORE_NAMES]);
    const problems = sources.flatMap(({ path, text, own }, index) => {
      const { errors, names } = parsed[index] as Parsed;
      const strange = names.filter((name) => !vocabulary.has(name) && !own.has(name));
      return [
        ...(errors === '' ? [] : [`${path}: ${errors}`]),
        ...(HIDDEN.test(text.replaceAll('\n', '')) ? [`${path} has hidden characters`] : []),
        ...strange.map((name) => `${path}: ${name}`),
      ];
    });
    expect(problems.slice(0, 20)).toEqual([]);
  });

  it('pass the type check and are imported without a warning', async () => {
    const definitions = fc
      .sample(usableFile, { numRuns: 2 * CHECKED, seed: SEED })
      .map(definitionOf)
      .map(withActions);
    const project = await projectWith('hostile', definitions);
    copyTypeCache(project);
    const checked = await runPython(project, ['mypy']);
    expect(checked.status, checked.out).toBe(0);
    const imported = await runPython(project, ['python', join(SUPPORT, 'import_modules.py'), PYTHON_PACKAGE]);
    expect(imported.status, imported.err).toBe(0);
  });
});

if (SOAK)
  describe('definitions with short and long names', () => {
    it('become code that passes the format and lint checks of the project', async () => {
      const project = await projectWith(
        'format',
        fc.sample(ordinaryDefinition, { numRuns: 2 * CHECKED, seed: SEED }).map(withActions),
      );
      const format = await runPython(project, ['ruff', 'format', '--diff', '--quiet', 'src', 'tests']);
      expect(format.status, format.out).toBe(0);
      const lint = await runPython(project, ['ruff', 'check', '--quiet', 'src', 'tests']);
      expect(lint.status, lint.out).toBe(0);
    });
  });

/** A copy of the shared project with the code of 50 of the processes. */
async function projectWith(name: string, definitions: readonly WorkerDefinition[]): Promise<string> {
  const bySlug = new Map(definitions.map((definition) => [fileName(definition.process.code), definition]));
  const others = [...bySlug]
    .slice(0, CHECKED)
    .map(([slug, definition]) => ({ slug, definition, source: 'file' as const }));
  expect(others).toHaveLength(CHECKED);
  const folder = pythonProjectCopy(mkdtempSync(join(inject('runFolder'), `python-${name}-`)));
  const sample = specOf(sampleDefinition());
  const spec: ProjectSpec = { ...sample, packageName: PYTHON_PACKAGE, processes: [...sample.processes, ...others] };
  for (const { path, contents } of codeOfProcesses(spec, await loadTemplateSet())) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  }
  return folder;
}

/** The code of the processes of a project. */
function codeOfProcesses(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  const code = new Set(spec.processes.flatMap(({ slug }) => pythonLayout(spec, slug).code));
  return renderPython(spec, templates).filter(({ path }) => code.has(path));
}

interface Source {
  readonly path: string;
  readonly text: string;
  /** Names that are derived from the definition. */
  readonly own: ReadonlySet<string>;
}

function sourcesOf(definition: WorkerDefinition, templates: TemplateSet): readonly Source[] {
  const spec = specOf(definition);
  const { prefix, part } = pythonLayout(spec);
  const schemas = schemasOf(definition);
  const { signals, workflows } = pythonActions(definition);
  const taken = new Set([...schemas.map(({ name }) => name), ...REFERENCE_TYPES]);
  const own = new Set([
    ...[`${prefix}Workflow`, `${prefix}Activities`, part],
    ...processTasks({ definition, choices: {} }, PYTHON_NAMING).flatMap(
      ({ variable, constant, activity, dataType, contextType }) => [
        ...[variable, constant, activity, pythonInputType(activity)],
        ...[dataType, contextType].filter((name) => name !== undefined),
      ],
    ),
    ...signals.flatMap(({ constant, input }) => [constant, ...(input === undefined ? [] : [input.name])]),
    ...workflows.flatMap((action) => [
      ...[actionClass(action), `test_workflow_runs_the_action_${action.variable}`],
      ...(action.activity === undefined ? [] : [action.activity, pythonInputType(action.activity)]),
    ]),
    ...schemas.flatMap((named) => namesIn(pythonTypeOf(named, taken))),
  ]);
  return codeOfProcesses(spec, templates)
    .filter(({ path }) => path.endsWith('.py'))
    .map(({ path, contents }) => ({ path, text: Buffer.from(contents).toString('utf8'), own }));
}

/** The schemas with the names of their types. */
function schemasOf(definition: WorkerDefinition) {
  const tasks = processTasks({ definition, choices: {} }, PYTHON_NAMING);
  const shapes = [
    ['Metadata', definition.metadata],
    ['Entity', definition.entity],
    ...definition.tasks.flatMap(({ data, contextData }, index) => [
      [tasks[index]?.dataType, data] as const,
      [tasks[index]?.contextType, contextData] as const,
    ]),
  ] as const;
  return [
    ...shapes.flatMap(([name, shape]) =>
      name === undefined || shape === undefined ? [] : [{ name, schema: shape.schema }],
    ),
    ...pythonActions(definition).signals.flatMap(({ input }) => input ?? []),
  ];
}

/** The names of the classes and fields of a type. */
function namesIn(type: PythonType): readonly string[] {
  switch (type.kind) {
    case 'list':
      return namesIn(type.items);
    case 'dict':
      return namesIn(type.values);
    case 'union':
      return type.members.flatMap(namesIn);
    case 'class':
      return [
        type.name,
        ...type.fields.flatMap(({ key, type: inner }) => [...(isPythonField(key) ? [key] : []), ...namesIn(inner)]),
      ];
    default:
      return [];
  }
}

interface Parsed {
  readonly errors: string;
  readonly names: readonly string[];
}

/** Runs a program of test/support/python, which reads and prints JSON. */
function runSupport(program: string, input: unknown): unknown {
  const json = JSON.stringify(input);
  return JSON.parse(
    execFileSync('python3', [join(SUPPORT, program)], { input: json, maxBuffer: 1e9, encoding: 'utf8' }),
  );
}

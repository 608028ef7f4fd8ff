import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import { isRecord, type JsonObject } from '../../src/base/json.ts';
import { javaRecordOf, type JavaRecord } from '../../src/languages/java/java-types.ts';
import { JAVA_NAMING } from '../../src/languages/java/literals.ts';
import { processActions } from '../../src/languages/process-actions.ts';
import { processTasks } from '../../src/languages/process-tasks.ts';
import { javaLayout } from '../../src/languages/java/layout.ts';
import { actionWorkflows } from '../../src/languages/java/actions.ts';
import { inputTypeOf } from '../../src/languages/java/activities.ts';
import { renderJava } from '../../src/languages/java/render.ts';
import type { PlannedFile } from '../../src/languages/planned-file.ts';
import type { ProjectSpec } from '../../src/languages/project-spec.ts';
import { loadTemplateSet, type TemplateSet } from '../../src/languages/templates/set.ts';
import type { WorkerDefinition } from '../../src/process/definition.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { fileName } from '../../src/base/file-name.ts';
import { describeJava } from '../support/describe-workers.ts';
import { definitionOf, hostileActions, usableFile } from '../support/hostile-definitions.ts';
import { JAVA_PACKAGE, javaProjectCopy, runMaven } from '../support/java-project.ts';
import { runHeavy } from '../support/lanes.ts';
import { ordinaryDefinition } from '../support/ordinary-definitions.ts';

runHeavy();

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const PARSED = SOAK ? 2000 : 250;
const COMPILED = SOAK ? 50 : 15;
const SEED = 20261127;
const SKIP_FORMAT = ['-Dspotless.check.skip'];

const specOf = (definition: WorkerDefinition): ProjectSpec => ({
  name: 'a-worker',
  language: 'java',
  packageName: 'com.example.aworker',
  slug: fileName(definition.process.code),
  processes: [{ definition, source: 'file' }],
  local: true,
  packageManager: 'maven',
  cliPackage: '0.1.0',
});

/** Their code has every name that the templates and the printers of types use. */
const shape = {
  schema: {
    type: 'object',
    required: ['a'],
    properties: Object.fromEntries(
      [
        { type: 'array', items: { type: 'integer' } },
        { type: 'object', properties: {} },
        { type: ['string', 'number'] },
        { type: 'string', enum: ['A'] },
        ...['date', 'date-time', 'kuflow-file', 'kuflow-principal', 'kuflow-group'].map((format) => ({
          type: 'string',
          format,
        })),
      ].map((schema, index) => ['abcdefghi'.charAt(index), schema]),
    ),
  },
} as const satisfies WorkerDefinition['metadata'];
const HARMLESS: readonly WorkerDefinition[] = [
  sampleDefinition(),
  {
    ...sampleDefinition(),
    metadata: shape,
    entity: shape,
    tasks: (['human', 'system'] as const).flatMap((kind) => [
      { code: `${kind}A`, kind, data: shape, contextData: shape },
      { code: `${kind}B`, kind },
    ]),
  },
  { ...sampleDefinition(), tasks: [] },
  {
    ...sampleDefinition(),
    actions: [
      { code: 'WITHDRAW', type: 'send-workflow-signal', signal: 'Note', input: shape },
      ...(['start-workflow', 'downloadable'] as const).map((type) => ({
        ...{ code: type, type, workflow: { type, taskQueue: 'QUEUE' } },
      })),
    ],
  },
];

const hostileDefinition = fc
  .tuple(usableFile, hostileActions)
  .map(([file, actions]): WorkerDefinition => ({ ...definitionOf(file), actions }));

describeJava('hostile definitions', () => {
  it('become literals, comments and data in Java, never code', async () => {
    const templates = await loadTemplateSet();
    const definitions = fc.sample(hostileDefinition, { numRuns: PARSED, seed: SEED });
    const harmless = HARMLESS.flatMap((definition) => sourcesOf(definition, templates));
    const sources = [...harmless, ...definitions.flatMap((definition) => sourcesOf(definition, templates))];
    const parsed = parseSources(sources.map(({ text }) => text));
    expect(parsed).toHaveLength(sources.length);
    const vocabulary = new Set(parsed.slice(0, harmless.length).flatMap(({ names }) => names));
    const problems = sources.flatMap(({ path, own }, index) => {
      const { errors = '', names = [] } = parsed[index] ?? {};
      const strange = names.filter((name) => !vocabulary.has(name) && !own.has(name));
      return [...(errors === '' ? [] : [`${path}: ${errors}`]), ...strange.map((name) => `${path}: ${name}`)];
    });
    expect(problems.slice(0, 20)).toEqual([]);
  });

  it('compile without a warning', async () => {
    const definitions = fc.sample(hostileDefinition, { numRuns: 2 * COMPILED, seed: SEED });
    const project = await projectWith('hostile', definitions);
    const { status, out } = await runMaven(project, ['--offline', '--quiet', ...SKIP_FORMAT, 'test-compile']);
    expect(status, out).toBe(0);
  });
});

if (SOAK)
  describeJava('definitions with short and long names', () => {
    it('become code that passes the format check of the project', async () => {
      const project = await projectWith('format', fc.sample(ordinaryDefinition, { numRuns: 2 * COMPILED, seed: SEED }));
      const { status, out } = await runMaven(project, ['--offline', '--quiet', 'spotless:check']);
      expect(status, out).toBe(0);
    });
  });

/** A copy of the shared project with the code of 50 of the processes. */
async function projectWith(name: string, definitions: readonly WorkerDefinition[]): Promise<string> {
  const bySlug = new Map(definitions.map((definition) => [fileName(definition.process.code), definition]));
  const others = [...bySlug]
    .slice(0, COMPILED)
    .map(([slug, definition]) => ({ slug, definition, source: 'file' as const }));
  expect(others).toHaveLength(COMPILED);
  const folder = javaProjectCopy(mkdtempSync(join(inject('runFolder'), `java-${name}-`)));
  const sample = specOf(sampleDefinition());
  const spec: ProjectSpec = { ...sample, packageName: JAVA_PACKAGE, processes: [...sample.processes, ...others] };
  for (const { path, contents } of codeOfProcesses(spec, await loadTemplateSet())) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  }
  return folder;
}

/** The code of the processes of a project. */
function codeOfProcesses(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  const code = new Set(spec.processes.flatMap(({ slug }) => javaLayout(spec, slug).code));
  return renderJava(spec, templates).filter(({ path }) => code.has(path));
}

interface Source {
  readonly path: string;
  readonly text: string;
  /** Names that are derived from the definition. */
  readonly own: ReadonlySet<string>;
}

function sourcesOf(definition: WorkerDefinition, templates: TemplateSet): readonly Source[] {
  const spec = specOf(definition);
  const { prefix, processPackage } = javaLayout(spec);
  const tasks = processTasks({ definition, choices: {} }, JAVA_NAMING);
  const actions = processActions(definition, JAVA_NAMING, { tasks });
  const own = new Set([
    ...['Workflow', 'WorkflowImpl', 'Activities', 'ActivitiesImpl', 'Tasks', 'Types', 'WorkflowTest'].map(
      (suffix) => prefix + suffix,
    ),
    ...['Actions', 'ActionWorkflows'].map((suffix) => prefix + suffix),
    ...actions.signals.flatMap(({ constant, input }) => [constant, input?.name ?? '']),
    ...actions.workflows.flatMap(({ variable, activity = '' }) => [
      `${variable}Action`,
      activity,
      inputTypeOf(activity),
    ]),
    ...actionWorkflows(actions.workflows, prefix).flatMap(({ type, name }) => [type.text, name]),
    ...processPackage.split('.'),
    ...tasks.flatMap(({ variable, constant, activity, dataType = '', contextType = '' }) => [
      ...[variable, constant, activity, dataType, contextType, inputTypeOf(activity)],
    ]),
    ...[definition, ...definition.tasks, ...(definition.actions ?? [])].flatMap((holder) =>
      Object.values(holder).flatMap((value: unknown) =>
        isRecord(value) && isRecord(value['schema'])
          ? ['Metadata', 'Entity', 'X'].flatMap((name) => namesIn(javaRecordOf(name, value['schema'] as JsonObject)))
          : [],
      ),
    ),
  ]);
  return codeOfProcesses(spec, templates)
    .filter(({ path }) => path.endsWith('.java'))
    .map(({ path, contents }) => ({ path, text: Buffer.from(contents).toString('utf8'), own }));
}

/** The names of the components, types and constants of a record. */
function namesIn({ components, nested }: JavaRecord): readonly string[] {
  return [
    ...components.map(({ name }) => name),
    ...nested.flatMap((type) =>
      type.kind === 'record'
        ? [type.name, ...namesIn(type)]
        : [type.name, type.other.name, ...type.constants.map(({ name }) => name)],
    ),
  ];
}

/** The syntax errors of each source, and the names in its code. */
function parseSources(
  texts: readonly string[],
): readonly { readonly errors: string; readonly names: readonly string[] }[] {
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.byteLength);
    return [length, bytes];
  });
  const program = join(import.meta.dirname, '../support/java/ParseSources.java');
  const output = execFileSync('java', [program], { input: Buffer.concat(parts), maxBuffer: 1e9, encoding: 'utf8' });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [errors = '', names = ''] = line.split('\t');
      return { errors, names: names.split(' ').filter((name) => name !== '') };
    });
}

import fc from 'fast-check';
import ts from 'typescript';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../src/process/definition/definition-file.ts';
import type { ProcessDefinition } from '../../../src/process/definition.ts';
import type { Answers } from '../../../src/scaffold/answers.ts';
import type { PlannedFile } from '../../../src/scaffold/plan.ts';
import { renderTemplate } from '../../../src/scaffold/render/render.ts';
import { templateFiles } from '../../../src/scaffold/render/template-files.ts';
import { loadTemplateSet } from '../../../src/scaffold/render/template-set.ts';

const CANARY = 'globalThis.pwned=1';

const hostileText = fc
  .oneof(
    fc.constantFrom(
      '`${globalThis.pwned=1}`',
      "');globalThis.pwned=1//",
      '*/globalThis.pwned=1/*',
      '\u2028globalThis.pwned=1',
      '\nglobalThis.pwned=1\n',
      '__proto__',
      'constructor',
      'default',
      'class',
      'humanTask',
      'openProcess',
      'kuflow',
      '{{name}}',
      '{{{code}}}',
      '<script>',
      '\\',
      '"',
      "'",
      '#{x}',
      '- yaml: [',
      ': &a *a',
      '@ts-nocheck',
      'A\u202eB',
      '١٢٣',
      '名前',
      '__temporal_x',
    ),
    fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
    fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
  )
  .filter((text) => text.trim() !== '' && !/\p{Cs}/u.test(text));

const hostileSchema = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.record(
      {
        type: fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array'),
        title: hostileText,
        description: hostileText,
        enum: fc.array(fc.oneof(hostileText, fc.integer(), fc.constant(null), fc.double()), {
          minLength: 1,
          maxLength: 4,
        }),
        default: fc.oneof(hostileText, fc.integer()),
        items: tie('schema'),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(hostileText, tie('schema'), { maxKeys: 4, noNullPrototype: true }),
        required: fc.array(hostileText, { maxLength: 3 }),
        additionalProperties: tie('schema'),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ $ref: fc.constantFrom('#', '#/properties/a', '#/$defs/x', 'https://example.com/x') }),
  ),
})).schema;

const shape = fc.record({ schema: hostileSchema }) as fc.Arbitrary<{ schema: Record<string, never> }>;

const hostileDefinition: fc.Arbitrary<ProcessDefinition> = fc.record(
  {
    process: fc.record({ code: hostileText, name: hostileText }, { requiredKeys: ['code'] }),
    workflow: fc.record({ type: hostileText, taskQueue: hostileText }),
    metadata: shape,
    entity: shape,
    tasks: fc.uniqueArray(
      fc.record(
        {
          code: hostileText,
          kind: fc.constantFrom('human' as const, 'system' as const, 'message' as const, 'thread' as const),
          name: hostileText,
          description: hostileText,
          data: shape,
          contextData: shape,
        },
        { requiredKeys: ['code', 'kind'] },
      ),
      { maxLength: 6, selector: ({ code }) => code },
    ),
  },
  { requiredKeys: ['process', 'workflow', 'tasks'] },
);

function answers(definition: ProcessDefinition): Answers {
  return {
    name: 'a-worker',
    language: 'typescript',
    definition,
    definitionSource: 'file',
    local: true,
    packageManager: 'npm',
    cliPackage: '0.1.0',
  };
}

/** The files in which text of a definition stands; all others are copies. */
const RENDERED: ReadonlySet<string> = new Set(
  templateFiles('typescript')
    .filter(({ path, rendered }) => rendered && path.endsWith('.ts'))
    .map(({ path }) => path),
);

const textOf = ({ contents }: PlannedFile): string => Buffer.from(contents).toString('utf8');

/** What the compiler says of the syntax alone, and every name that the file assigns to or reads from `globalThis`. */
function inspected(file: PlannedFile) {
  const source = ts.createSourceFile(file.path, textOf(file), ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);
  const problems = (source as unknown as { parseDiagnostics: readonly ts.Diagnostic[] }).parseDiagnostics;
  let usesGlobal = false;
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && (node.text === 'globalThis' || node.text === 'pwned')) usesGlobal = true;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { problems: problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')), usesGlobal };
}

describe('hostile definitions', () => {
  it('become data in every file and code in none', async () => {
    const templates = await loadTemplateSet();
    let rendered = 0;
    await fc.assert(
      fc.asyncProperty(hostileDefinition, async (definition) => {
        const files = await renderTemplate(answers(definition), templates);
        const byPath = new Map(files.map((file) => [file.path, file]));
        for (const file of files.filter(({ path }) => RENDERED.has(path))) {
          expect(inspected(file), `${file.path}\n${textOf(file)}`).toEqual({ problems: [], usesGlobal: false });
        }
        const manifest = JSON.parse(textOf(byPath.get('package.json') as PlannedFile)) as { scripts: object };
        expect(Object.keys(manifest.scripts)).toHaveLength(8);
        const application: unknown = parse(textOf(byPath.get('application.yaml') as PlannedFile));
        expect(application).toEqual({ temporal: { 'kuflow-queue': definition.workflow.taskQueue } });
        rendered += 1;
      }),
      { numRuns: 200 },
    );
    expect(rendered).toBeGreaterThanOrEqual(200);
    expect(RENDERED.size).toBe(6);
  }, 120_000);

  it('reach kuflow.process.yaml and come back from it unchanged', async () => {
    const definition: ProcessDefinition = {
      process: { code: CANARY, name: '# {{name}}' },
      workflow: { type: "');x//", taskQueue: '`${x}`' },
      tasks: [
        {
          code: '__proto__',
          kind: 'human',
          data: { schema: { type: 'object', properties: { a: { type: 'string' } } } },
        },
      ],
    };
    const files = await renderTemplate(answers(definition));
    const file = files.find(({ path }) => path === 'kuflow.process.yaml') as PlannedFile;
    expect(await parseDefinition(textOf(file), file.path)).toEqual(definition);
  });
});

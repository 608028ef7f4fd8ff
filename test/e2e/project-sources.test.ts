import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { generatedProject, linkModules } from '../support/generated-project.ts';
import { packedCommand } from '../support/packed-command.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser } from '../support/process-user.ts';
import { treeOf } from '../support/tree.ts';
import { startWorkerProcess, workerEnvironment } from '../support/worker-process.ts';

const DEFINITION = `
process: { code: EXPENSE, name: "Expense's \${report}" }
workflow: { type: ExpenseWorkflow, task-queue: EXPENSE_QUEUE }
metadata:
  schema: { type: object, required: [ref], properties: { ref: { type: string }, parts: { type: array, items: { type: integer } } } }
tasks:
  - code: SUBMIT
    kind: human
    data:
      schema:
        type: object
        required: [total, lines]
        properties:
          total: { type: number }
          state: { enum: [open, closed] }
          lines: { type: array, items: { $ref: "#/definitions/line" } }
          either: { oneOf: [{ type: string }, { type: object, properties: { "a-b": { type: boolean } } }] }
        definitions: { line: { type: object, required: [text], properties: { text: { type: string }, more: { $ref: "#/definitions/line" } } } }
  - { code: BOOK, kind: system }
  - { code: TELL, kind: message }
  - { code: TALK, kind: thread }
`;
const QUEUE = ['--task-queue', 'LOAN_QUEUE', '--workflow-type', 'LoanWorkflow'];
/** Names that would break out of literals, comments, templates, Markdown or YAML if they were not escaped. */
const HOSTILE = [
  `it's "quoted" and \\`,
  '${process.exit(1)}',
  '`${1}`',
  '*/ throw 1 /*',
  '// {{name}} {{{name}}}',
  '🎉 e\u0301',
  '__proto__',
  'constructor',
  'class',
  'A_B',
  'a-b',
  'A b',
  '1ST',
  '# - [x](y) | <b>',
  '../../etc/passwd',
];

let running: TestPlatform;
let folder: string;
let connection: NodeJS.ProcessEnv;

/** Creates a project below `folder`. Resolves to its path. */
async function create(at: string, args: readonly string[]): Promise<string> {
  const cwd = join(folder, at);
  mkdirSync(cwd, { recursive: true });
  const all = ['worker', ...args, '--no-install', '--no-git', '--no-check', '--yes', '--cli-package', '1.2.3'];
  const { status, err } = await packedCommand('create-kuflow-worker', all, { cwd, env: connection });
  expect(status, err).toBe(0);
  return join(cwd, 'worker');
}

/** Type-checks all projects with the first one's configuration, so that modules are read only once. */
function typeErrors(projects: readonly string[]): Promise<readonly string[]> {
  const [first = ''] = projects;
  const { include } = JSON.parse(readFileSync(join(first, 'tsconfig.json'), 'utf8')) as { include: readonly string[] };
  const config = join(folder, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(first, 'tsconfig.json'),
      include: projects.flatMap((project) => include.map((pattern) => join(project, pattern))),
    }),
  );
  const tsc = join(folder, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [tsc, '--pretty', 'false', '-p', config],
      { encoding: 'utf8', cwd: folder },
      (_error, out) => resolve(out.split('\n').filter((line) => line !== '')),
    );
  });
}

function definitionOf(project: string): unknown {
  return parse(readFileSync(join(project, 'kuflow.process.yaml'), 'utf8'));
}

beforeAll(async () => {
  folder = mkdtempSync(join(inject('runFolder'), 'sources-'));
  // In the parent folder of all projects in this file, where Node.js finds the modules.
  linkModules(generatedProject(), folder);
  running = await startTestPlatform();
  const { application } = running.platform.identity;
  connection = {
    KUFLOW_API_ENDPOINT: running.platform.loopback.http,
    KUFLOW_API_CLIENTID: application.id,
    KUFLOW_API_CLIENTSECRET: application.secret.reveal(),
  };
  const user = await processUser(running.platform);
  const worker = startWorkerProcess(workerEnvironment(running.platform));
  await worker.ready();
  for (const amount of [1.5, 2]) {
    const id = await user.start('LOAN');
    const data = { firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount };
    await user.complete(id, 'LOAN_APPLICATION', data);
    await user.complete(id, 'APPROVE_LOAN', { approved: true });
    await user.completed(id);
  }
  await worker.kill();
  await user.close();
});

afterAll(async () => {
  await running.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe('a created project', () => {
  it('is the same each time for a definition file', async () => {
    writeFileSync(join(folder, 'expense.yaml'), DEFINITION);
    const args = ['--definition', join(folder, 'expense.yaml')];
    const project = await create('file', args);
    expect(treeOf(await create('file-again', args))).toEqual(treeOf(project));
  });

  it('is the same each time for flags with schema files', async () => {
    writeFileSync(join(folder, 'apply.json'), '{"type":"object","properties":{"amount":{"type":"number"}}}');
    writeFileSync(join(folder, 'meta.yaml'), 'type: object\nproperties: { region: { enum: [north, south] } }\n');
    const args = [
      ...['--process', 'LOAN', '--task', 'APPLY', '--task', 'SCORE:system', '--task', 'NOTE:message', ...QUEUE],
      ...['--task-schema', `APPLY=${join(folder, 'apply.json')}`, '--metadata-schema', join(folder, 'meta.yaml')],
    ];
    const project = await create('flags', args);
    expect(definitionOf(project)).toMatchObject({
      process: { code: 'LOAN' },
      metadata: { schema: { properties: { region: { enum: ['north', 'south'] } } } },
      tasks: [{ code: 'APPLY' }, { code: 'SCORE', kind: 'system' }, { code: 'NOTE', kind: 'message' }],
    });
    expect(treeOf(await create('flags-again', args))).toEqual(treeOf(project));
  });

  it.each([
    ['tasks only, without reading instances', []],
    ['tasks and data shapes, from a sample', ['--sample', '25']],
  ])('comes from completed processes in the API: %s', async (_, sample) => {
    const at = `api-${sample.length}`;
    const args = ['--process', 'LOAN', ...sample, ...QUEUE];
    const project = await create(at, args);
    const { tasks } = definitionOf(project) as { tasks: readonly { code: string; kind: string; data?: unknown }[] };
    expect(tasks.map(({ code, kind }) => [code, kind])).toEqual([
      ['LOAN_APPLICATION', 'human'],
      ['CHECK_CREDIT', sample.length === 0 ? (expect.stringMatching(/human|system/) as string) : 'system'],
      ['LOAN_DISCUSSION', 'thread'],
      ['APPROVE_LOAN', 'human'],
      ['LOAN_RESULT', 'message'],
    ]);
    const shape = { schema: { properties: { amount: { type: 'number' }, firstName: { type: 'string' } } } };
    if (sample.length === 0) expect(tasks.filter(({ data }) => data !== undefined)).toEqual([]);
    else expect(tasks[0]?.data).toMatchObject(shape);
    expect([...treeOf(project)].filter(([, text]) => /Lovelace/.test(text))).toEqual([]);
    expect(treeOf(await create(`${at}-again`, args))).toEqual(treeOf(project));
  });

  it('keeps hostile names, and has valid YAML and JSON files', async () => {
    const properties = Object.fromEntries(HOSTILE.map((name) => [name, { type: 'string', description: name }]));
    writeFileSync(join(folder, 'hostile.json'), JSON.stringify({ type: 'object', properties }));
    const project = await create('hostile', [
      ...['--process', `P ${HOSTILE.slice(0, 6).join(' ')}`],
      ...HOSTILE.flatMap((name, index) => [
        '--task',
        `${name}:${['human', 'system', 'message', 'thread'][index % 4] ?? ''}`,
      ]),
      ...['--task-schema', `${HOSTILE[0] ?? ''}=${join(folder, 'hostile.json')}`],
      ...['--task-queue', `Q ${HOSTILE[0] ?? ''}`, '--workflow-type', `W ${HOSTILE[3] ?? ''}`],
    ]);
    const { tasks } = definitionOf(project) as { tasks: readonly { code: string }[] };
    expect(tasks.map(({ code }) => code)).toEqual(HOSTILE);
    for (const [path, text] of treeOf(project)) {
      if (/\.ya?ml$/.test(path))
        expect(
          parseAllDocuments(text).flatMap(({ errors }) => errors),
          path,
        ).toEqual([]);
      if (/(?<!tsconfig.*)\.json$/.test(path)) expect(() => JSON.parse(text) as unknown, path).not.toThrow();
    }
  });

  it('type-checks whatever its source, with the types of the process', async () => {
    const projects = ['file', 'flags', 'api-0', 'api-2', 'hostile'].map((at) => join(folder, at, 'worker'));
    const wrong = join('file', 'worker', 'src', 'wrong.ts');
    writeFileSync(
      join(folder, wrong),
      `import type { SubmitData } from './process/types.ts';\nexport const wrong: SubmitData = { total: 'one', lines: [{ text: 1 }] };\n`,
    );
    const errors = await typeErrors(projects);
    expect(errors.filter((line) => !line.startsWith(wrong) && !line.startsWith(' '))).toEqual([]);
    expect(errors.join('\n')).toContain("'string' is not assignable to type 'number'");
    expect(errors.join('\n')).toContain("'number' is not assignable to type 'string'");
  });
});

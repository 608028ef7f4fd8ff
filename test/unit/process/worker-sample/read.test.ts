import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KnownError } from '../../../../src/base/errors.ts';
import { readWorkerSample, type WorkerSample } from '../../../../src/process/worker-sample/read.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import {
  javaSample,
  pythonSample,
  SAMPLE_SECRETS,
  SAMPLE_TASKS,
  typescriptSample,
  WORKER_SAMPLES,
  writeSampleFolder,
  writeSampleZip,
  type SampleTree,
} from '../../../support/worker-samples.ts';
import { writeZip } from '../../../support/zip.ts';

const temporaryFolder = temporaryFolders();

const readTree = (tree: SampleTree, inside?: string): Promise<WorkerSample> =>
  readWorkerSample(writeSampleZip(temporaryFolder(), tree, inside));

const JAVA = 'src/main/java/com/kuflow/engine/samples/worker';
const LANGUAGES = Object.entries(WORKER_SAMPLES);
const PLACES = {
  java: {
    queue: 'src/main/resources/config/application-fillme.yml:9',
    type: `${JAVA}/SampleWorkflow.java:5`,
    task: `${JAVA}/SampleWorkflowImpl.java:6`,
  },
  typescript: { queue: 'application.yaml:8', type: 'src/workflows.ts:8', task: 'src/workflows.ts:48' },
  python: {
    queue: 'worker_sample/application.yaml:8',
    type: 'worker_sample/workflow.py:7',
    task: 'worker_sample/workflow.py:9',
  },
} as const;

const codesOf = ({ tasks }: WorkerSample): readonly string[] => tasks.map(({ code }) => code);

async function refusalOf(path: string): Promise<KnownError> {
  const error: unknown = await readWorkerSample(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof KnownError)) throw new Error('was not refused');
  return error;
}

describe.each(LANGUAGES)('readWorkerSample of a %s sample', (language, sample) => {
  it('finds task queue, workflow type and the tasks in the order of the workflow, each with its place', async () => {
    const read = await readTree(sample());
    expect(read.language).toBe(language);
    expect(read.taskQueue).toMatchObject({ kind: 'found', value: 'EXPENSES_QUEUE' });
    expect(read.workflowType).toMatchObject({ kind: 'found', value: 'ExpenseWorkflow' });
    expect(read.tasks).toMatchObject(SAMPLE_TASKS);
    const place = ({ file, line }: { readonly file?: string; readonly line?: number }): string =>
      `${file ?? ''}:${line ?? ''}`;
    const { queue, type, task } = PLACES[language as keyof typeof PLACES];
    expect([place(read.taskQueue as object), place(read.workflowType as object), place(read.tasks[0] ?? {})]).toEqual([
      queue,
      type,
      task,
    ]);
  });

  it.each(['', 'worker-sample/', 'a/b/c/worker-sample/'])(
    'finds it in the folder "%s" of the archive',
    async (inside) => {
      expect(codesOf(await readTree(sample(), inside))).toEqual(['FILL_INFO', 'APPROVAL', 'THE-PAYMENT']);
    },
  );

  it('reads the folder that it was unpacked to, also the one above it', async () => {
    const folder = temporaryFolder();
    writeSampleFolder(join(folder, 'worker-sample'), sample());
    writeSampleFolder(join(folder, 'worker-sample/node_modules/other'), sample());
    const read = await readWorkerSample(join(folder, 'worker-sample'));
    expect(codesOf(read)).toEqual(['FILL_INFO', 'APPROVAL', 'THE-PAYMENT']);
    expect(await readWorkerSample(folder)).toEqual(read);
  });

  it('keeps no secret, and does not read the file for them', async () => {
    const text = JSON.stringify(await readTree(sample()));
    for (const secret of [...Object.values(SAMPLE_SECRETS), 'LOCAL_QUEUE']) expect(text).not.toContain(secret);
  });

  it.each(['FILL_ME', '"fill_me"', '${KUFLOW_QUEUE:LOAN}', '', '*alias', '{ a: b }'])(
    'has no task queue if it is %s',
    async (queue) => {
      const { taskQueue, workflowType } = await readTree(sample({ queue }));
      expect(taskQueue.kind).toBe('missing');
      expect(workflowType.kind).toBe('found');
    },
  );

  it('says where a placeholder is', async () => {
    const { taskQueue, workflowType } = await readTree(sample({ queue: 'FILL_ME', type: 'FILL_ME' }));
    const { queue, type } = PLACES[language as keyof typeof PLACES];
    expect(taskQueue).toEqual({ kind: 'missing', reason: `${queue} still has a placeholder` });
    expect(workflowType).toEqual({ kind: 'missing', reason: `${type} still has a placeholder` });
  });

  it('reads Windows line endings and a byte order mark', async () => {
    const tree = Object.fromEntries(
      Object.entries(sample()).map(([path, text]) => [path, `\ufeff${text.replaceAll('\n', '\r\n')}`]),
    );
    const read = await readTree(tree);
    expect(read).toEqual(await readTree(sample()));
  });
});

describe('readWorkerSample', () => {
  it('uses the names that Temporal uses if the sample does not name the workflow type', async () => {
    const edit = (tree: SampleTree, path: string, from: string, to: string): SampleTree => ({
      ...tree,
      [path]: (tree[path] ?? '').replace(from, to),
    });
    const java = edit(javaSample(), `${JAVA}/SampleWorkflow.java`, '(name = "ExpenseWorkflow")', '');
    expect((await readTree(java)).workflowType).toMatchObject({ value: 'SampleWorkflow' });
    const python = edit(pythonSample(), 'worker_sample/workflow.py', '(name="ExpenseWorkflow")', '');
    expect((await readTree(python)).workflowType).toMatchObject({ value: 'SampleWorkflow' });
    const named = edit(pythonSample(), 'worker_sample/workflow.py', '"ExpenseWorkflow"', 'WORKFLOW_TYPE');
    const constant = edit(
      named,
      'worker_sample/workflow.py',
      '@workflow.defn',
      'WORKFLOW_TYPE = "ByName"\n@workflow.defn',
    );
    expect((await readTree(constant)).workflowType).toMatchObject({ value: 'ByName' });
    expect((await readTree(named)).workflowType).toMatchObject({ kind: 'missing' });
  });

  it('finds a workflow type after other options', async () => {
    const path = 'worker_sample/workflow.py';
    for (const options of [
      'sandboxed=False, name="ExpenseWorkflow"',
      '\n    sandboxed=False,\n    name="ExpenseWorkflow",\n',
    ]) {
      const text = (pythonSample()[path] ?? '').replace('name="ExpenseWorkflow"', options);
      expect((await readTree({ ...pythonSample(), [path]: text })).workflowType).toMatchObject({
        value: 'ExpenseWorkflow',
      });
    }
  });

  it('is not confused by quotes in regular expressions', async () => {
    const path = 'src/workflows.ts';
    const lines = [
      `text.replace(/'/g, '')`,
      'text.split(/[`/"]\\//)',
      'const half = 1 / 2',
      `all.filter((one) => /["']/.test(one))`,
      `return /\\'{/.test("'")`,
    ];
    const text = (typescriptSample()[path] ?? '').replace(
      '  await ',
      `${lines.map((line) => `  ${line}\n`).join('')}  await `,
    );
    expect(await readTree({ ...typescriptSample(), [path]: text })).toMatchObject({
      workflowType: { value: 'ExpenseWorkflow' },
      tasks: SAMPLE_TASKS,
    });
  });

  it('ignores the codes of other processes and of fields', async () => {
    const path = `${JAVA}/SampleWorkflowImpl.java`;
    const text = (javaSample()[path] ?? '').replace(
      'Task task = new Task();',
      'processDefinition.setCode("OTHER"); elementDefinition.setCode("AMOUNT");',
    );
    expect(codesOf(await readTree({ ...javaSample(), [path]: text }))).toEqual([
      'FILL_INFO',
      'APPROVAL',
      'THE-PAYMENT',
    ]);
  });

  it('reads process items, messages and threads of a newer TypeScript or Java sample', async () => {
    const typescript = {
      ...typescriptSample(),
      'src/workflows.ts': `
export async function NewerWorkflow(request: WorkflowRequest): Promise<WorkflowResponse> {
  await createProcessItemChat(request)
  await createProcessItemNote(request)
  return { message: 'OK' }
}

/** Create process item "A note" in KuFlow and wait for its completion */
const createProcessItemNote = async (request: WorkflowRequest): Promise<{ id: string }> => {
  return await KuFlow_Engine_createProcessItem({ type: 'MESSAGE', processItemDefinitionCode: \`NOTE\` })
}

async function createProcessItemChat(request: WorkflowRequest): Promise<void> {
  await KuFlow_Engine_createProcessItem({ type: 'THREAD', processItemDefinitionCode: 'CHAT' })
}
`,
    };
    expect((await readTree(typescript)).tasks).toMatchObject([
      { code: 'CHAT', kind: 'thread' },
      { code: 'NOTE', kind: 'message', name: 'A note' },
    ]);
    const java = javaSample();
    const path = `${JAVA}/SampleWorkflowImpl.java`;
    const newer = (java[path] ?? '')
      .replaceAll('tasksDefinition.setCode(', 'createRequest.setProcessItemDefinitionCode(')
      .replace('SampleWorkflowImpl.TASK_CODE_APPROVE', 'TaskDefinitionCode.REVIEW.name()')
      .replace('Task task = new Task();', 'createRequest.setType(ProcessItemType.MESSAGE);');
    expect((await readTree({ ...java, [path]: newer })).tasks).toMatchObject([
      { code: 'FILL_INFO' },
      { code: 'REVIEW' },
      { code: 'THE-PAYMENT', kind: 'message' },
      { code: 'APPROVAL' },
    ]);
  });

  it('lists tasks that the workflow does not create last, with a note', async () => {
    const tree = pythonSample();
    const path = 'worker_sample/workflow.py';
    const text = (tree[path] ?? '').replace('        await self.create_process_item_approve(request.process_id)\n', '');
    const read = await readTree({ ...tree, [path]: text });
    expect(codesOf(read)).toEqual(['FILL_INFO', 'THE-PAYMENT', 'APPROVAL']);
    expect(read.notes).toContain('The workflow of the sample does not create APPROVAL, so it comes last');
  });

  it('lists several task queues or workflow types and chooses none', async () => {
    const tree = typescriptSample();
    const two = {
      'application.yaml': `${tree['application.yaml'] ?? ''}---\nkuflow-queue: OTHER\n`,
      'src/workflows.ts': `${tree['src/workflows.ts'] ?? ''}export async function Second(r: WorkflowRequest): Promise<WorkflowResponse> {}\n`,
    };
    const { taskQueue, workflowType } = await readTree({ ...tree, ...two });
    expect(taskQueue).toMatchObject({
      reason: 'several were found: EXPENSES_QUEUE (application.yaml:8), OTHER (application.yaml:13)',
    });
    expect(workflowType).toMatchObject({
      reason: expect.stringContaining('several were found: ExpenseWorkflow (') as string,
    });
  });

  it('skips task codes that no definition can have', async () => {
    const tree = typescriptSample();
    const text = (tree['src/workflows.ts'] ?? '')
      .replace("'APPROVAL'", "'A\\u001b[2J'")
      .replace("'THE-PAYMENT'", "'FILL_ME'")
      .replace("'FILL_INFO'", "'FILL_MEDICAL_FORM'");
    const read = await readTree({ ...tree, 'src/workflows.ts': text });
    expect(codesOf(read)).toEqual(['FILL_MEDICAL_FORM']);
    expect(read.notes.join('\n')).toContain('Skipped 2 task code(s)');
  });

  it('refuses what has no sample, several samples, or nothing that can be read', async () => {
    const folder = temporaryFolder();
    const empty = writeSampleZip(folder, { 'README.md': '' });
    expect((await refusalOf(empty)).message).toContain('does not contain a worker sample');
    const both = writeSampleZip(folder, { ...javaSample(), ...prefixed('b/', pythonSample()) }, 'x/');
    expect(await refusalOf(both)).toMatchObject({
      message: expect.stringContaining('several workers') as string,
      seen: 'x, x/b',
    });
    const nothing = writeSampleZip(folder, { 'src/workflows.ts': 'export const x = 1\n' });
    expect((await refusalOf(nothing)).seen).toBe('no task queue, no workflow type and no task code');
    expect((await refusalOf(join(folder, 'missing.zip'))).message).toContain('does not exist');
    expect((await refusalOf(folder)).message).toContain('does not contain a worker sample');
  });

  it('refuses files that are not text or too large, and archives that are damaged', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'worker-sample.zip');
    const write = (content: Buffer | string): void =>
      writeFileSync(path, writeZip([{ path: 'src/workflows.ts', content }]));
    write(Buffer.from([0xff, 0xfe, 0x00]));
    expect((await refusalOf(path)).message).toContain('is not UTF-8 text');
    write(randomBytes(600_000));
    expect((await refusalOf(path)).seen).toContain('more than 524288 bytes');
    writeFileSync(path, 'PK');
    expect(await refusalOf(path)).toMatchObject({
      message: expect.stringContaining('is not a zip file, or is truncated') as string,
      next: [/KuFlow app/, /folder/].map((text) => expect.stringMatching(text) as string),
    });
    writeFileSync(path, writeZip([{ path: '../src/workflows.ts', content: '' }]));
    expect((await refusalOf(path)).seen).toContain('invalid relative path: ../src/workflows.ts');
  });

  it.skipIf(process.platform === 'win32')('does not follow links out of a folder', async () => {
    const folder = temporaryFolder();
    writeSampleFolder(join(folder, 'outside'), typescriptSample());
    mkdirSync(join(folder, 'in/src'), { recursive: true });
    symlinkSync(join(folder, 'outside/src/workflows.ts'), join(folder, 'in/src/workflows.ts'));
    symlinkSync(join(folder, 'outside'), join(folder, 'in/linked'));
    expect((await refusalOf(join(folder, 'in'))).message).toContain('does not contain a worker sample');
  });

  it.each([
    'void a() {',
    'export function f(r: WorkflowRequest) { f("',
    'TASK_CODE_A = "A"\n',
    '@WorkflowMethod(name = \n',
    '@workflow.defn(name=\n',
    '@workflow.defn(a,',
    '(/',
    '(/[',
    ' @workflow.run',
    'def a(\n',
    'def a(): a()\n',
    'taskDefinition: {',
    '/** Create task "',
    '((((((((((',
    '          ',
    "'",
  ])('reads a file full of %j in time', async (part) => {
    const text = part.repeat(100_000 / part.length);
    for (const [, sample] of LANGUAGES) {
      const folder = temporaryFolder();
      const isWorkflow = (path: string): boolean => /workflow/i.test(path);
      writeSampleFolder(
        folder,
        Object.fromEntries(Object.entries(sample()).map(([path, own]) => [path, isWorkflow(path) ? text : own])),
      );
      expect((await readWorkerSample(folder)).taskQueue.kind).toBe('found');
    }
  });
});

function prefixed(prefix: string, tree: SampleTree): SampleTree {
  return Object.fromEntries(Object.entries(tree).map(([path, text]) => [`${prefix}${path}`, text]));
}

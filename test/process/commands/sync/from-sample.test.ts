import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createWorker, FILES_ONLY, stateOf } from '../../../support/create-worker.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';
import {
  pythonSample,
  SAMPLE_SECRETS,
  typescriptSample,
  WORKER_SAMPLES,
  writeSampleZip,
  type SampleTree,
} from '../../../support/worker-samples.ts';
import { writeZip } from '../../../support/zip.ts';

const temporaryFolder = temporaryFolders();
let cwd: string;
let project: string;

interface SyncJson {
  readonly status: number;
  readonly processes: readonly {
    readonly source: string;
    readonly drift: boolean;
    readonly findings: readonly { readonly kind: string; readonly drift: boolean; readonly text: string }[];
    readonly unknown: readonly string[];
    readonly notes: readonly string[];
  }[];
  readonly files: readonly { readonly path: string; readonly action: string }[];
}

async function sync(...args: readonly string[]): Promise<SyncJson> {
  const ran = await runKuflow(project, ['sync', '--from', '../worker-sample.zip', '--json', ...args]);
  expect(ran.stderr).not.toContain('This is a bug');
  return JSON.parse(ran.stdout) as SyncJson;
}

const textsOf = ({ processes }: SyncJson): readonly string[] =>
  processes.flatMap(({ findings }) => findings.map(({ text, drift }) => (drift ? text : `(${text})`)));

/** The same process with other tasks: APPROVAL is gone, REVIEW is new and first. */
function changedSample(): SampleTree {
  const tree = pythonSample({ queue: 'OTHER_QUEUE', type: 'OtherWorkflow' });
  const path = 'worker_sample/workflow.py';
  const text = (tree[path] ?? '')
    .replaceAll('"APPROVAL"', '"REVIEW"')
    .replaceAll('Approve "large" claim', 'Review')
    .replace(
      '        await self.create_process_item_submit__expense__claim(request.process_id)\n',
      '        await self.create_process_item_approve(request.process_id)\n' +
        '        await self.create_process_item_submit__expense__claim(request.process_id)\n',
    );
  return { ...tree, [path]: text };
}

beforeEach(async () => {
  cwd = temporaryFolder();
  project = join(cwd, 'x');
  writeSampleZip(cwd, typescriptSample());
  const args = ['x', '--from', 'worker-sample.zip', '--process', 'EXPENSES', ...FILES_ONLY];
  expect((await createWorker(cwd, args)).status).toBe(0);
});

describe('sync --from', () => {
  it.each(Object.entries(WORKER_SAMPLES))(
    'does not report drift for the %s sample of the same process, without credentials',
    async (_, sample) => {
      writeSampleZip(cwd, sample());
      const before = stateOf(project);
      const checked = await sync('--check');
      expect(checked).toMatchObject({ status: 0, processes: [{ source: 'worker-sample', drift: false, unknown: [] }] });
      expect(textsOf(checked)).toEqual([]);
      expect(stateOf(project)).toEqual(before);
    },
  );

  it('does not say that fields match, which a sample does not contain', async () => {
    const { stdout, stderr } = await runKuflow(project, ['sync', '--from', '../worker-sample.zip', '--check']);
    expect(stdout).toContain(
      '✔ The task queue, workflow type and tasks match the worker sample; fields were not compared\n',
    );
    expect(stderr).toContain('The tasks match; fields were not compared');
  });

  it('reports each difference with its file and line, and exits with 1 in a check', async () => {
    writeSampleZip(cwd, changedSample());
    const before = stateOf(project);
    const checked = await sync('--check');
    expect(checked.status).toBe(1);
    expect(textsOf(checked)).toEqual([
      'The task queue is OTHER_QUEUE, not EXPENSES_QUEUE: worker_sample/application.yaml:8 of the worker sample',
      'The workflow type is OtherWorkflow, not ExpenseWorkflow: worker_sample/workflow.py:7 of the worker sample',
      'Task REVIEW (human) was added: worker_sample/workflow.py:11 of the worker sample',
      '(Task APPROVAL is not in the worker sample, which does not prove that it was removed)',
    ]);
    expect(stateOf(project)).toEqual(before);
  });

  it('writes the definition and the code generated from it', async () => {
    writeSampleZip(cwd, changedSample());
    const { status, files } = await sync('--yes');
    const definition = readFileSync(join(project, 'kuflow.process.yaml'), 'utf8');
    expect(definition).toContain('task-queue: OTHER_QUEUE');
    expect(definition).toContain('type: OtherWorkflow');
    expect(definition).toMatch(/code: REVIEW\n {4}kind: human\n {4}name: Review\n[\s\S]*code: FILL_INFO/);
    expect(definition).toContain('code: APPROVAL');
    expect(readFileSync(join(project, 'src/process/tasks.ts'), 'utf8')).toContain("human('REVIEW')");
    expect(files.filter(({ action }) => action !== 'written')).toEqual([]);
    expect(status).toBe(0);
    expect(textsOf(await sync('--check')).filter((text) => !text.startsWith('('))).toEqual([]);
  });

  it('could not tell if the sample has placeholders', async () => {
    writeSampleZip(cwd, pythonSample({ queue: 'FILL_ME' }));
    const { status, processes } = await sync('--check');
    expect(status).toBe(4);
    expect(processes[0]?.unknown).toEqual([
      'The task queue could not be compared: in the worker sample, worker_sample/application.yaml:8 still has a placeholder',
    ]);
  });

  it('reports a message or a thread that is a human task in the definition, and another order', async () => {
    const tree = typescriptSample();
    const text = (tree['src/workflows.ts'] ?? '')
      .replace("code: 'THE-PAYMENT'", "code: 'THE-PAYMENT' }, { type: 'MESSAGE'")
      .replace('  await createTaskSubmitExpenseClaim(workflowRequest)\n', '')
      .replace(
        "  return { message: 'C",
        "  await createTaskSubmitExpenseClaim(workflowRequest)\n  return { message: 'C",
      );
    writeSampleZip(cwd, { ...tree, 'src/workflows.ts': text });
    expect(textsOf(await sync('--check'))).toEqual([
      'Task THE-PAYMENT changed from kind human to message: src/workflows.ts:30 of the worker sample',
      '(The worker sample creates the tasks in the order APPROVAL, THE-PAYMENT, FILL_INFO)',
    ]);
  });

  it('prints the differences for people, and no secret of the sample', async () => {
    writeSampleZip(cwd, changedSample());
    const ran = await runKuflow(project, ['sync', '--from', '../worker-sample.zip', '--yes']);
    expect(ran.stdout).toContain('The task queue is OTHER_QUEUE, not EXPENSES_QUEUE');
    const written = Array.from(treeOf(project).values(), String).join('\n');
    for (const secret of [...Object.values(SAMPLE_SECRETS), 'LOCAL_QUEUE'])
      expect(`${written}${ran.stdout}${ran.stderr}`).not.toContain(secret);
  });

  it('requires --process in a project with several processes', async () => {
    const added = ['add', 'process', 'OTHER', '--task', 'A', '--workflow-type', 'OtherWorkflow', '--yes'];
    expect((await runKuflow(project, added)).status).toBe(0);
    const ran = await runKuflow(project, ['sync', '--from', '../worker-sample.zip', '--check']);
    expect([ran.status, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toContain('choose one with --process');
    expect(await sync('--check', '--process', 'EXPENSES')).toMatchObject({ status: 0, processes: [{ drift: false }] });
  });

  it('does not give a process a task queue that the worker does not poll, or the workflow type of another one', async () => {
    const added = ['add', 'process', 'OTHER', '--task', 'FILL_INFO', '--workflow-type', 'OtherWorkflow', '--yes'];
    expect((await runKuflow(project, added)).status).toBe(0);
    writeSampleZip(cwd, typescriptSample({ queue: 'OTHER_QUEUE' }));
    const ran = await runKuflow(project, ['sync', '--from', '../worker-sample.zip', '--process', 'OTHER', '--yes']);
    expect(ran.status).toBe(3);
    for (const text of [
      'set the task queue of OTHER to EXPENSES_QUEUE, the only one that this worker polls',
      'or create a separate worker for OTHER_QUEUE: npx create-kuflow-worker',
      'set another workflow type for OTHER: EXPENSES already uses ExpenseWorkflow',
    ])
      expect(ran.stderr.replace(/\s+/g, ' ')).toContain(text);
    const definition = readFileSync(join(project, 'processes/other.process.yaml'), 'utf8');
    expect(definition).toMatch(/type: OtherWorkflow\n {2}task-queue: EXPENSES_QUEUE\n/);
    expect(definition).toContain('code: APPROVAL');
    writeSampleZip(cwd, typescriptSample({ type: 'ThirdWorkflow' }));
    expect(await sync('--yes', '--process', 'OTHER')).toMatchObject({ status: 0 });
    expect(await sync('--check', '--process', 'OTHER')).toMatchObject({ status: 0 });
  });

  it.each([
    ['--client-id', SAMPLE_SECRETS.application],
    ['--tenant-id', SAMPLE_SECRETS.application],
    ['--sample', '5'],
  ])('cannot be combined with %s', async (...option) => {
    const ran = await runKuflow(project, ['sync', '--from', '../worker-sample.zip', '--check', ...option]);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(`${option[0]} cannot be combined with --from`);
  });

  it('changes nothing for an archive that is not safe', async () => {
    writeFileSync(join(cwd, 'worker-sample.zip'), writeZip([{ path: '../kuflow.process.yaml', content: 'x' }]));
    const before = stateOf(cwd);
    const ran = await runKuflow(project, ['sync', '--from', '../worker-sample.zip', '--yes']);
    expect([ran.status, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain('invalid relative path');
    expect(stateOf(cwd)).toEqual(before);
  });

  it('could not tell in a check if the sample cannot be read', async () => {
    writeFileSync(join(cwd, 'worker-sample.zip'), 'PK');
    for (const from of ['../worker-sample.zip', '../missing.zip']) {
      const ran = await runKuflow(project, ['sync', '--from', from, '--check']);
      expect([ran.status, ran.stdout]).toEqual([4, '']);
      expect(ran.stderr).toMatch(/is not a zip file|does not exist/);
    }
  });
});

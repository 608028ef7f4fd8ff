import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeEach, describe, expect, it } from 'vitest';
import { LANGUAGE_IDS } from '../../../../src/languages/language-ids.ts';
import { loadDefinition } from '../../../../src/process/definition/file.ts';
import { makeByWizard, WHICH } from '../../../support/by-wizard.ts';
import { createdOf, createWorker, failureOf, FILES_ONLY, stateOf } from '../../../support/create-worker.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';
import {
  javaSample,
  pythonSample,
  SAMPLE_SECRETS,
  typescriptSample,
  WORKER_SAMPLES,
  writeSampleFolder,
  writeSampleZip,
} from '../../../support/worker-samples.ts';
import { writeZip } from '../../../support/zip.ts';

const temporaryFolder = temporaryFolders();
let cwd: string;

beforeEach(() => {
  cwd = temporaryFolder();
});

const FROM = ['--from', 'worker-sample.zip', '--process', 'EXPENSES'];
const SAMPLES = Object.entries(WORKER_SAMPLES);

describe('create --from', () => {
  it.each(SAMPLES.flatMap(([from, sample]) => LANGUAGE_IDS.map((to) => [from, to, sample] as const)))(
    'plans a worker from a %s sample in %s',
    async (_, to, sample) => {
      writeSampleZip(cwd, sample());
      const ran = await createWorker(cwd, ['x', ...FROM, '--language', to, '--dry-run', '--json', ...FILES_ONLY]);
      expect(ran.status, ran.stderr).toBe(0);
      expect(createdOf(ran.stdout)).toMatchObject({
        language: to,
        process: { code: 'EXPENSES', source: 'worker-sample', tasks: 3 },
      });
      expect(existsSync(join(cwd, 'x'))).toBe(false);
    },
  );

  it('writes what it found, in the language of the sample, and a command that repeats the run', async () => {
    writeSampleZip(cwd, javaSample());
    const ran = await createWorker(cwd, ['x', ...FROM, '--json', ...FILES_ONLY]);
    expect(ran.status, ran.stderr).toBe(0);
    const made = createdOf(ran.stdout);
    expect(made.command).toBe(
      'npx create-kuflow-worker x --from worker-sample.zip --process EXPENSES --language java --package com.example.x --no-install --no-git --no-check --yes',
    );
    expect(await loadDefinition(join(cwd, 'x/kuflow.process.yaml'))).toEqual({
      process: { code: 'EXPENSES' },
      workflow: { type: 'ExpenseWorkflow', taskQueue: 'EXPENSES_QUEUE' },
      tasks: [
        { code: 'FILL_INFO', kind: 'human', name: 'Submit Expense Claim' },
        { code: 'APPROVAL', kind: 'human', name: 'Approve "large" claim' },
        { code: 'THE-PAYMENT', kind: 'human', name: 'Pago €' },
      ],
    });
    const record = JSON.parse(readFileSync(join(cwd, 'x/.kuflow/project.json'), 'utf8')) as object;
    expect(record).toMatchObject({ command: made.command, answers: { definitionSource: 'worker-sample' } });
    expect(made.notes.join('\n')).toContain('all are treated as human tasks. Change them with --task-kind');
    expect(readFileSync(join(cwd, 'x/kuflow.process.yaml'), 'utf8')).toContain('# The sample does not say what data');

    const again = made.command.replace('npx create-kuflow-worker x', 'y').split(' ');
    expect((await createWorker(cwd, again)).status).toBe(0);
    const definition = (folder: string): string => readFileSync(join(cwd, folder, 'kuflow.process.yaml'), 'utf8');
    expect(definition('y')).toBe(definition('x'));
  });

  it('adds what the sample does not say from options, which also override what it says', async () => {
    writeSampleFolder(join(cwd, 'sample'), pythonSample());
    writeFileSync(join(cwd, 'claim.json'), '{ "type": "object", "properties": { "amount": { "type": "number" } } }');
    const args = ['--task-kind', 'THE-PAYMENT=system', '--task-order', 'FILL_INFO', '--task-order', 'THE-PAYMENT'];
    const ran = await createWorker(cwd, [
      ...['x', '--from', 'sample', '--process', 'EXPENSES', '--language', 'typescript', ...args],
      ...['--task-order', 'APPROVAL', '--task-schema', 'FILL_INFO=claim.json', '--task-queue', 'Q', ...FILES_ONLY],
    ]);
    expect(ran.status, ran.stderr).toBe(0);
    expect(await loadDefinition(join(cwd, 'x/kuflow.process.yaml'))).toMatchObject({
      workflow: { type: 'ExpenseWorkflow', taskQueue: 'Q' },
      tasks: [
        { code: 'FILL_INFO', data: { schema: { properties: { amount: {} } } } },
        { code: 'THE-PAYMENT', kind: 'system' },
        { code: 'APPROVAL', kind: 'human' },
      ],
    });
  });

  it('asks for what the sample does not have, and says where it looked', async () => {
    writeSampleZip(cwd, typescriptSample({ queue: 'FILL_ME' }));
    const ran = await createWorker(cwd, ['x', '--from', 'worker-sample.zip', '--json', ...FILES_ONLY]);
    expect(ran.status).toBe(2);
    const { message, next } = failureOf(ran.stdout).error;
    expect(message.split('\n').slice(1)).toEqual([
      '  --process: the code of the process definition',
      '  --task-queue: the task queue, as set in the process definition in the KuFlow app; in the worker sample, application.yaml:8 still has a placeholder',
    ]);
    expect(next[0]).toContain('--from worker-sample.zip');
  });

  it('copies no secret, id or other setting of the sample into the project, the output or the record', async () => {
    for (const [language, sample] of SAMPLES) {
      writeSampleZip(cwd, sample());
      const ran = await createWorker(cwd, [language, ...FROM, '--json', ...FILES_ONLY]);
      expect(ran.status, ran.stderr).toBe(0);
      const files = Array.from(treeOf(join(cwd, language)).values(), String).join('\n');
      for (const secret of [...Object.values(SAMPLE_SECRETS), 'LOCAL_QUEUE'])
        expect(`${files}${ran.stdout}${ran.stderr}`).not.toContain(secret);
    }
  });

  it.each([
    [['--definition', 'kuflow.process.yaml'], '--definition cannot be combined with --from'],
    [['--task', 'A'], '--task cannot be combined with --from'],
    [['--sample', '3'], '--sample cannot be combined with --from'],
    [['--language', 'typescript', '--package', 'com.example.x'], '--package does not apply to TypeScript workers'],
    [['--task-kind', 'APPROVE=system'], 'the process does not contain task APPROVE'],
    [['--task-schema', 'APPROVE=x.json'], 'the process does not contain task APPROVE'],
  ])('refuses %s', async (args, message) => {
    writeSampleZip(cwd, javaSample());
    const before = stateOf(cwd);
    const ran = await createWorker(cwd, ['x', ...FROM, ...args, ...FILES_ONLY]);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(message);
    expect(stateOf(cwd)).toEqual(before);
  });

  it('changes nothing for an archive that is not safe, and prints its paths without control characters', async () => {
    const path = join(cwd, 'worker-sample.zip');
    mkdirSync(join(cwd, 'x'));
    for (const entry of [
      { path: '../escaped.yaml', content: 'x' },
      { path: 'worker-sample/src/workflows.ts', content: '/etc/passwd', mode: 0o120777 },
      { path: 'worker-sample/\u001b[2J\u202e', content: 'x', isEncrypted: true },
    ]) {
      writeFileSync(path, writeZip([{ path: 'worker-sample/application.yaml', content: 'kuflow-queue: Q' }, entry]));
      const before = stateOf(cwd);
      const ran = await createWorker(cwd, ['x', ...FROM, ...FILES_ONLY]);
      expect(ran.status).toBe(1);
      expect(ran.stderr).toContain('cannot be read');
      expect(ran.stderr).not.toMatch(/[\u001b\u202e]/);
      expect(stateOf(cwd)).toEqual(before);
    }
  });

  it('writes code that compiles as data only, whatever the sample contains', async () => {
    const type = 'Expense';
    const hostile = '*/ process.abort(); /* ${1} ` " \'';
    const tree = typescriptSample({ type });
    const text = (tree['src/workflows.ts'] ?? '')
      .replace("'APPROVAL'", JSON.stringify(hostile))
      .replace('Approve "large" claim', hostile.replace('*/', '* /'));
    writeSampleZip(cwd, { ...tree, 'src/workflows.ts': text });
    const ran = await createWorker(cwd, ['x', ...FROM, ...FILES_ONLY]);
    expect(ran.status, ran.stderr).toBe(0);
    const { tasks } = await loadDefinition(join(cwd, 'x/kuflow.process.yaml'));
    expect(tasks[1]?.code).toBe(hostile);
    for (const [path, contents] of treeOf(join(cwd, 'x')))
      if (path.endsWith('.ts')) expect(callsOf(contents), path).not.toContain('process.abort');
  });
});

describe('the wizard with a worker sample', () => {
  const env = { HOME: '/nonexistent' };

  it('asks for the archive, the code and what is missing, and lets kinds be changed', async () => {
    writeSampleZip(cwd, pythonSample({ queue: 'FILL_ME' }));
    const made = await makeByWizard({
      cwd,
      env,
      script: [
        [WHICH, 'worker-sample'],
        ['Worker sample (zip archive or unpacked folder)', 'worker-sample.zip'],
        ['Where will the worker run first?', 'local'],
        ['Process definition code', 'EXPENSES'],
        ['Are the tasks, their kinds and their order correct?', 'kind'],
        ['Which task?', 'THE-PAYMENT'],
        ['Kind of THE-PAYMENT', 'system'],
        ['Are the tasks, their kinds and their order correct?', 'good'],
        ['Task queue', 'Q'],
        ['Create the project?', 'create'],
      ],
      flags: { language: 'typescript' },
      folder: 'x',
    });
    expect(made.said).toContain('3 tasks, workflow type ExpenseWorkflow');
    expect(made.command).toBe(
      'npx create-kuflow-worker x --from worker-sample.zip --process EXPENSES --task-kind THE-PAYMENT=system --task-queue Q --local --language typescript --package-manager npm --no-install --no-git --no-check --yes',
    );
    expect(made.result.process).toEqual({ code: 'EXPENSES', source: 'worker-sample', tasks: 3 });
  });

  it('offers the language of the sample first', async () => {
    writeSampleZip(cwd, pythonSample());
    const made = await makeByWizard({
      cwd,
      env,
      script: [
        ['Process definition code', 'EXPENSES'],
        ['Are the tasks, their kinds and their order correct?', 'good'],
        ['Language of the worker', 'python', ({ fallback }) => expect(fallback).toBe('python')],
        ['Package name', 'x'],
        ['Package manager', 'pip'],
        ['Create the project?', 'create'],
      ],
      flags: { from: 'worker-sample.zip', local: true, packageManager: undefined },
      folder: 'x',
    });
    expect(made.result.language).toBe('python');
  });
});

/** The functions that a TypeScript file calls. Throws if it has a syntax error. */
function callsOf(text: string): readonly string[] {
  const file = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
  expect(diagnostics).toEqual([]);
  const calls: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) calls.push(node.expression.getText(file));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return calls;
}

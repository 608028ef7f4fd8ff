import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { messageOf } from '../../../../src/base/errors.ts';
import { addToProject, type AddRequest, type AddResult } from '../../../../src/commands/add/add-to-project.ts';
import { activityNames } from '../../../../src/languages/typescript/activities.ts';
import { openProject } from '../../../../src/project/edit/open-project.ts';
import type { AdditionRequest } from '../../../../src/project/edit/plan-addition.ts';
import { writeOlderProject } from '../../../support/older-project.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { treeOf } from '../../../support/tree.ts';
import { writeUntouchedProject } from '../../../support/untouched-project.ts';

const temporaryFolder = temporaryFolders();
let folder: string;

const PROCESS: AdditionRequest = {
  kind: 'process',
  definition: {
    process: { code: 'LEAVE' },
    workflow: { type: 'LeaveWorkflow', taskQueue: 'LOAN_QUEUE' },
    tasks: [
      { code: 'ASK', kind: 'human' },
      { code: 'CHECK_CREDIT', kind: 'system' },
    ],
  },
  source: 'flags',
  notes: ['evidence'],
};

async function add(addition: AdditionRequest, more: Partial<AddRequest> = {}): Promise<AddResult> {
  return addToProject({
    project: more.project ?? (await openProject(folder, {}, '1.0.0')),
    addition,
    cwd: folder,
    edit: [],
    dryRun: false,
    command: 'kuflow add …',
    invocation: 'kuflow',
    ...more,
  });
}

beforeEach(async () => {
  folder = join(temporaryFolder(), 'worker');
  await writeUntouchedProject(folder);
});

describe('addToProject', () => {
  it('names the file that explains changes of workflows, which has another name in a joined repository', async () => {
    const hint = async (): Promise<string | undefined> => {
      const project = await openProject(folder, {}, '1.0.0');
      const [process] = project.processes;
      return (await add({ kind: 'task', process, task: { code: 'ARCHIVE', kind: 'system' } }, { project })).next.at(-1)
        ?.text;
    };
    expect(await hint()).toContain('use patched(…) (see README.md)');
    folder = join(temporaryFolder(), 'worker');
    await writeOlderProject(folder, {}, { version: '1.0.0', spec: { movedFiles: { 'README.md': 'WORKER.md' } } });
    expect(await hint()).toContain('use patched(…) (see WORKER.md)');
  });

  it('leaves the project unchanged when any write fails', async () => {
    const before = treeOf(folder);
    const written: string[] = [];
    await add(PROCESS, { onWrite: (path) => void written.push(path), dryRun: true });
    expect(written).toEqual([]);
    let fails = 0;
    for (let at = 0; ; at++) {
      const failing = add(PROCESS, {
        onWrite: (_, index) => {
          if (index === at) throw new Error('no space left');
        },
      });
      const error: unknown = await failing.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) break;
      fails++;
      expect(messageOf(error)).toContain('Could not write the project');
      expect(treeOf(folder)).toEqual(before);
    }
    // Ten files, the record and the archive.
    expect(fails).toBe(12);
    expect(readFileSync(join(folder, 'processes/leave.process.yaml'), 'utf8')).toContain('# evidence');
  });

  it('reverts everything when it is interrupted or when a file changed after it was read', async () => {
    const before = treeOf(folder);
    const abort = new AbortController();
    const interrupted = add(PROCESS, {
      signal: abort.signal,
      onWrite: (_, index) => {
        if (index === 3) abort.abort(new Error('stop'));
      },
    });
    await expect(interrupted).rejects.toThrow('stop');
    expect(treeOf(folder)).toEqual(before);
    const editedDuringWrite = add(PROCESS, {
      onWrite: (path) => {
        if (path === 'src/workflows.ts') appendFileSync(join(folder, path), '// editedDuringWrite\n');
      },
    });
    await expect(editedDuringWrite).rejects.toThrow('Could not write the project');
    const after = treeOf(folder);
    expect(after.get('src/workflows.ts')).toMatch(/\/\/ editedDuringWrite\n$/);
    expect([...after.keys()]).toEqual([...before.keys()]);
  });

  it('is completed by the next command after it was killed before any of its writes', async () => {
    const workflow = join(folder, 'src/workflows.ts');
    writeFileSync(workflow, `// mine\n${readFileSync(workflow, 'utf8')}`);
    const addTask = async (more: Partial<AddRequest> = {}): Promise<AddResult> => {
      const [process] = (await openProject(folder, {}, '1.0.0')).processes;
      const task = { code: 'ARCHIVE', kind: 'system' } as const;
      return add({ kind: 'task', process, task }, { approve: () => Promise.resolve(true), ...more });
    };
    const interrupted: ReadonlyMap<string, string>[] = [];
    const tree = (): ReadonlyMap<string, string> =>
      new Map([...treeOf(folder)].filter(([path]) => !path.endsWith('.lock')));
    await addTask({ onWrite: () => void interrupted.push(tree()) });
    const complete = tree();
    expect(interrupted.length).toBeGreaterThan(6);
    for (const [at, files] of interrupted.entries()) {
      rmSync(folder, { recursive: true });
      for (const [path, text] of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text, 'latin1');
      }
      const recovered: string[] = [];
      await openProject(folder, {}, '1.0.0', { onRecovered: ({ kind }) => void recovered.push(kind) });
      expect(recovered, `killed before write ${at}`).toEqual(['completed']);
      expect(tree(), `killed before write ${at}`).toEqual(complete);
      await expect(addTask()).rejects.toThrow('already has');
    }
  });

  it('lets only one of two concurrent additions through, and keeps it completely', async () => {
    const second: AdditionRequest = {
      kind: 'process',
      definition: {
        process: { code: 'TRIP' },
        workflow: { type: 'TripWorkflow', taskQueue: 'LOAN_QUEUE' },
        tasks: [{ code: 'ASK', kind: 'human' }],
      },
      source: 'flags',
      notes: [],
    };
    const other = await openProject(folder, {}, '1.0.0');
    let refused: unknown;
    await add(PROCESS, {
      onWrite: async (path) => {
        if (path !== 'src/workflows.ts') return;
        // It has read the same state, and its own writes would be taken back to that.
        refused = await add(second, { project: other }).catch((error: unknown) => error);
      },
    });
    expect(refused).toMatchObject({
      seen: expect.stringContaining('is changing the project; nothing was written') as string,
      next: ['Run the command again'],
    });
    expect(readFileSync(join(folder, 'src/workflows.ts'), 'utf8')).toContain('processes/leave/workflows.ts');
    const written = treeOf(folder);
    // Afterwards what it read is old.
    await expect(add(second, { project: other })).rejects.toMatchObject({
      seen: 'the file changed after it was read; all changes were rolled back',
      next: ['Fix the problem, then run the command again'],
    });
    expect(treeOf(folder)).toEqual(written);
    expect((await add(second)).status).toBe(0);
    expect([...treeOf(folder).keys()].filter((path) => /^\.kuflow\/.*lock/.test(path))).toEqual([]);
  });

  it('asks about each edited file, and writes the files that were approved', async () => {
    for (const file of ['src/workflows.ts', 'src/activities.ts'])
      writeFileSync(join(folder, file), `// mine\n${readFileSync(join(folder, file), 'utf8')}`);
    const asked: string[] = [];
    const result = await add(PROCESS, {
      approve: ({ path, how }) => {
        asked.push(`${how} ${path}`);
        return Promise.resolve(path === 'src/workflows.ts');
      },
    });
    expect(asked).toEqual(['edited-by-hand src/activities.ts', 'edited-by-hand src/workflows.ts']);
    expect(result.status).toBe(3);
    expect(result.files.filter(({ action }) => action === 'left')).toMatchObject([{ path: 'src/activities.ts' }]);
    expect(readFileSync(join(folder, 'src/workflows.ts'), 'utf8')).toMatch(/^\/\/ mine\n[\s\S]*processes\/leave\//);
    // No question about what is named, and none twice.
    asked.length = 0;
    const project = await openProject(folder, {}, '1.0.0');
    const [, process] = project.processes;
    if (process === undefined) throw new Error('there is a second process');
    const rest = await add(
      { kind: 'resumed-process', process },
      { edit: ['src/activities.ts'], approve: ({ path }) => Promise.reject(new Error(path)) },
    );
    expect(rest).toMatchObject({
      status: 0,
      files: [
        { path: 'src/activities.ts', action: 'written' },
        { path: '.kuflow/base.tgz', action: 'written' },
      ],
    });
  });

  it('never overwrites files of another process, whatever the process and its tasks are called', async () => {
    const outside = treeOf(join(folder, '..'));
    const codes = [
      '../../x',
      'a/b',
      'CON',
      '`${1}`',
      '*/ throw 1',
      '__proto__',
      'constructor',
      '\u202e x',
      'x'.repeat(5000),
    ];
    for (const [at, code] of codes.entries()) {
      const result = await add({
        kind: 'process',
        definition: {
          process: { code },
          workflow: { type: `${code} type`, taskQueue: 'LOAN_QUEUE' },
          tasks: codes.map((task, index) => ({ code: task, kind: index % 2 === at % 2 ? 'system' : 'human' })),
        },
        source: 'file',
        notes: [],
      });
      expect(result.status).toBe(0);
      const fresh = result.files.filter(({ how }) => how === 'new').map(({ path }) => path);
      for (const path of fresh)
        expect(path).toMatch(
          /^(?:processes|src\/processes|test)\/[a-z0-9_-]+(?:\.process\.yaml|\/\w+\.ts|\.workflows\.test\.ts)$/,
        );
    }
    const inside = [...treeOf(join(folder, '..')).keys()].filter((path) => !outside.has(path));
    expect(inside.every((path) => path.startsWith('worker/'))).toBe(true);
    // One name, one activity, in the whole project.
    const names = [...treeOf(join(folder, 'src'))].flatMap(([path, text]) =>
      path.endsWith('activities.ts') && !path.startsWith('kuflow/') ? [...activityNames(text)] : [],
    );
    expect(names.length).toBeGreaterThan(codes.length * 4);
    expect(new Set(names).size).toBe(names.length);
    const project = await openProject(folder, {}, '1.0.0');
    expect(project.processes).toHaveLength(codes.length + 1);
  });

  it('renames nothing, whatever is added and in whatever order', async () => {
    const codes = ['A', 'B_A', 'A_B', 'LEAVE_A', 'LEAVE_CHECK_CREDIT', 'CHECK_CREDIT', 'a', 'EXAMPLE', 'LOAN_A'];
    const step = fc.record({
      process: fc.constantFrom('LOAN', 'LEAVE', 'LEAVE_A', 'A'),
      code: fc.constantFrom(...codes),
      kind: fc.constantFrom('system' as const, 'human' as const),
      isFirst: fc.boolean(),
    });
    const start = treeOf(folder);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 10 }), async (steps) => {
        rmSync(folder, { recursive: true });
        for (const [path, text] of start) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), text, 'latin1');
        }
        let names = namesOf(folder);
        for (const { process: code, code: task, kind, isFirst } of steps) {
          const { processes } = await openProject(folder, {}, '1.0.0');
          const process = processes.find(({ definition }) => definition.process.code === code);
          const [before] = process?.definition.tasks ?? [];
          if (process?.definition.tasks.some((one) => one.code === task) === true) continue;
          await add(
            process === undefined
              ? {
                  ...PROCESS,
                  definition: {
                    process: { code },
                    workflow: { type: `${code}_W`, taskQueue: 'Q' },
                    tasks: [{ code: task, kind }],
                  },
                }
              : {
                  kind: 'task',
                  process,
                  task: { code: task, kind },
                  ...(isFirst && before !== undefined ? { after: before.code } : {}),
                },
          );
          const now = namesOf(folder);
          expect(now.size).toBeGreaterThan(names.size);
          for (const [what, name] of names) expect([what, now.get(what)]).toEqual([what, name]);
          const activities = [...now]
            .filter(([what]) => what.startsWith('activity'))
            .map(([, call]) => call.split(',')[0]);
          expect(new Set(activities).size).toBe(activities.length);
          names = now;
        }
      }),
      { numRuns: 5 },
    );
  });
});

/** Each task's name, and the name and input of the activity of each system task, by process file and code. */
function namesOf(project: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const tree = treeOf(join(project, 'src'));
  for (const [path, text] of tree) {
    if (!path.endsWith('tasks.ts')) continue;
    for (const [, name = '', code = ''] of text.matchAll(/^ {2}(\w+): \w+(?:<.*>)?\('(.*)'\),$/gm)) {
      names.set(`task ${path} ${code}`, name);
      const workflow =
        tree.get(path.replace('process/tasks.ts', 'workflows.ts').replace('tasks.ts', 'workflows.ts')) ?? '';
      const call = new RegExp(`systemTask\\(tasks\\.${name}, activities\\.(\\w+, \\{[^}]*)\\}`).exec(workflow)?.[1];
      if (call !== undefined) names.set(`activity ${path} ${code}`, call);
    }
  }
  return names;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonInputType } from '../../../../src/languages/python/activities.ts';
import { isPythonIdentifier, PYTHON_NAMING } from '../../../../src/languages/python/literals.ts';
import { pythonLayout } from '../../../../src/languages/python/layout.ts';
import { processTasks, type ProcessTask } from '../../../../src/languages/process-tasks.ts';
import type { TaskChoices } from '../../../../src/languages/project-spec.ts';
import { nameTasks } from '../../../../src/languages/task-names.ts';
import type { WorkerDefinition, TaskDefinition } from '../../../../src/process/definition.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { fileName } from '../../../../src/base/file-name.ts';
import { definitionOf, usableFile } from '../../../support/hostile-definitions.ts';
import { collidingTexts, hostileText } from '../../../support/hostile-texts.ts';

const taskOf = (code: string, kind: TaskDefinition['kind'] = 'human'): TaskDefinition => ({ code, kind });
const tasksOf = (definition: WorkerDefinition, choices: TaskChoices = {}): readonly ProcessTask[] =>
  processTasks({ definition, choices }, PYTHON_NAMING);
const withCodes = (...codes: readonly string[]): WorkerDefinition => ({
  ...sampleDefinition(),
  tasks: codes.map((code) => taskOf(code)),
});

/** Names in the code that belong to a task. */
const NAMES = ['variable', 'constant', 'dataType', 'contextType'] as const;

describe('names of tasks in Python', () => {
  it('are distinct identifiers, and stay when a task is added', () => {
    const code = fc.oneof(
      hostileText,
      collidingTexts.map(([first = 'A']) => first),
    );
    fc.assert(
      fc.property(usableFile, code, fc.nat(), (file, added, at) => {
        const fewer = definitionOf(file);
        fc.pre(!fewer.tasks.some((task) => task.code === added));
        const index = at % (fewer.tasks.length + 1);
        const tasks = [...fewer.tasks.slice(0, index), taskOf(added), ...fewer.tasks.slice(index)];
        const recorded = JSON.parse(JSON.stringify(nameTasks(fewer, {}, PYTHON_NAMING))) as TaskChoices;
        const after = tasksOf({ ...fewer, tasks }, recorded);
        for (const { code: kept, variable } of tasksOf(fewer))
          expect(after.find((task) => task.code === kept)?.variable).toBe(variable);
        for (const part of NAMES) {
          const names = after.flatMap((task) => task[part] ?? []);
          expect(new Set(names.map((name) => name.normalize('NFKC'))).size).toBe(names.length);
          for (const name of names) expect(isPythonIdentifier(name), name).toBe(true);
        }
        const inputTypes = new Set(after.map(({ activity }) => pythonInputType(activity)));
        expect(inputTypes.size).toBe(after.length);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['CLASS', 'class_task', 'CLASS_TASK'],
    ['MATCH', 'match_task', 'MATCH_TASK'],
    ['PRINT', 'print_task', 'PRINT_TASK'],
    ['SELF', 'self_task', 'SELF_TASK'],
    ['KUFLOW', 'kuflow_task', 'KUFLOW_TASK'],
    ['PROCESS_ID', 'process_id_task', 'PROCESS_ID_TASK'],
    ['WORKFLOW', 'workflow_task', 'WORKFLOW_TASK'],
    ['2ND_REVIEW', 'task_2nd_review', 'TASK_2ND_REVIEW'],
    ['審査', '審査', '審査'],
    // The capital of this letter is three characters.
    ['ΐ', 'ΐ', 'ΐ'],
  ])('of %s are %s and %s', (code, variable, constant) => {
    expect(tasksOf(withCodes(code))).toMatchObject([{ variable, constant }]);
  });
});

describe('two names that differ only in underscores', () => {
  it('get different numbers, because types have no underscores', () => {
    expect(tasksOf(withCodes('STEP_1', 'STEP1')).map(({ variable }) => variable)).toEqual(['step_1', 'step1_2']);
  });
});

describe('the package of a process', () => {
  it('is an identifier, distinct for each slug', () => {
    const slug = hostileText.map(fileName);
    fc.assert(
      fc.property(slug, slug, (first, second) => {
        const part = (name: string): string => pythonLayout({ packageName: 'a', slug: name }).part;
        const { prefix } = pythonLayout({ packageName: 'a', slug: first });
        expect(part(first)).toMatch(/^[a-z_][a-z0-9_]*$/);
        expect(`${prefix}Workflow`).toMatch(/^[A-Z][A-Za-z0-9]*$/);
        expect(isPythonIdentifier(part(first)) || part(first).startsWith('__'), part(first)).toBe(true);
        expect(part(first) === part(second)).toBe(first === second);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskChoices } from '../../../../src/languages/project-spec.ts';
import { nameTasks } from '../../../../src/languages/task-names.ts';
import { javaLayout } from '../../../../src/languages/java/layout.ts';
import { isJavaIdentifier, JAVA_NAMING } from '../../../../src/languages/java/literals.ts';
import { processTasks, type ProcessTask } from '../../../../src/languages/process-tasks.ts';
import type { WorkerDefinition, TaskDefinition } from '../../../../src/process/definition.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { fileName } from '../../../../src/base/file-name.ts';
import { definitionOf, usableFile } from '../../../support/hostile-definitions.ts';
import { collidingTexts, hostileText } from '../../../support/hostile-texts.ts';

const taskOf = (code: string, kind: TaskDefinition['kind'] = 'human'): TaskDefinition => ({ code, kind });
const tasksOf = (definition: WorkerDefinition, choices: TaskChoices = {}): readonly ProcessTask[] =>
  processTasks({ definition, choices }, JAVA_NAMING);
const withCodes = (...codes: readonly string[]): WorkerDefinition => ({
  ...sampleDefinition(),
  tasks: codes.map((code) => taskOf(code)),
});

/** Names in the code that belong to a task. Those of types are parts of the names of class files. */
const NAMES = ['variable', 'constant', 'dataType', 'contextType'] as const;

describe('names of tasks in Java', () => {
  it('are identifiers, distinct without regard to case, and stay when a task is added', () => {
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
        const recorded = JSON.parse(JSON.stringify(nameTasks(fewer, {}, JAVA_NAMING))) as TaskChoices;
        const after = tasksOf({ ...fewer, tasks }, recorded);
        for (const { code: kept, variable } of tasksOf(fewer))
          expect(after.find((task) => task.code === kept)?.variable).toBe(variable);
        for (const part of NAMES) {
          const names = after.flatMap((task) => task[part] ?? []);
          expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
          for (const name of names) {
            expect(isJavaIdentifier(name), name).toBe(true);
            if (part.endsWith('Type')) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_]{0,80}$/);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['CLASS', 'classTask', 'CLASS_TASK'],
    ['TO_STRING', 'toStringTask', 'TO_STRING_TASK'],
    ['HASH_CODE', 'hashCodeTask', 'HASH_CODE_TASK'],
    ['GET_CLASS', 'getClassTask', 'GET_CLASS_TASK'],
    ['WAIT', 'waitTask', 'WAIT_TASK'],
    ['KUFLOW', 'kuflowTask', 'KUFLOW_TASK'],
    ['PROCESS_ID', 'processIdTask', 'PROCESS_ID_TASK'],
    ['META', 'metaTask', 'META_TASK'],
    ['2ND_REVIEW', 'task2ndReview', 'TASK2ND_REVIEW'],
    ['RECORD', 'recordTask', 'RECORD_TASK'],
    ['審査', '審査', '審査'],
    // The capital of this letter is three characters.
    ['ΐ', 'ΐ', 'ΐ'],
  ])('of %s are %s and %s', (code, variable, constant) => {
    expect(tasksOf(withCodes(code))).toMatchObject([{ variable, constant }]);
  });

  it('have a number only if two codes have the same name without regard to case', () => {
    const variables = (...codes: string[]) => tasksOf(withCodes(...codes)).map(({ variable }) => variable);
    expect(variables('A_B', 'a b', 'AB')).toEqual(['aB', 'aB_2', 'ab_3']);
    expect(variables('DELETE', 'DELETE_TASK')).toEqual(['delete', 'deleteTask']);
  });
});

// Device names on Windows, and names that Windows truncates or rejects.
const WINDOWS =
  /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?:\.|$)|[ .]$|[<>:"|?*\\\u0000-\u001f]/i;

describe('the package and the classes of a process', () => {
  it('are valid names, and paths inside the project on every operating system', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const layout = javaLayout({ packageName: 'com.acme', slug: fileName(text) });
        for (const part of layout.processPackage.split('.')) expect(isJavaIdentifier(part), part).toBe(true);
        expect(layout.prefix).toMatch(/^[A-Z][A-Za-z0-9]{0,29}$/);
        for (const path of layout.code)
          for (const segment of path.split('/')) {
            expect(segment).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/);
            expect(segment).not.toMatch(WINDOWS);
            expect(Buffer.byteLength(segment)).toBeLessThan(100);
          }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['LOAN', 'com.acme.loan', 'Loan'],
    ['NEW', 'com.acme.new_', 'New'],
    ['KUFLOW', 'com.acme.kuflow_', 'Kuflow'],
    ['LOAN_APPLICATION', 'com.acme.loan_application', 'LoanApplication'],
  ])('of %s are %s and %s…', (code, processPackage, prefix) => {
    const layout = javaLayout({ packageName: 'com.acme', slug: fileName(code) });
    expect(layout).toMatchObject({ processPackage, prefix });
  });

  it('differ for processes whose codes a file system could confuse', () => {
    const folders = ['A_B', 'AB', 'a_b', 'A-B', 'A__B', 'ÀB'].map(
      (code) => javaLayout({ packageName: 'com.acme', slug: 'x' }, fileName(code)).processPackage,
    );
    expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(folders.length);
  });
});

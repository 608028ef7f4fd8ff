import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileName } from '../../../../src/base/file-name.ts';
import { identifier } from '../../../../src/base/identifiers.ts';
import type { WorkerDefinition, TaskDefinition } from '../../../../src/process/definition.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import type { ProjectSpec, TaskChoices } from '../../../../src/languages/project-spec.ts';
import { planProject } from '../../../../src/project/plan.ts';
import { nameTasks } from '../../../../src/languages/task-names.ts';
import { processContext, RESERVED, TS_NAMING } from '../../../../src/languages/typescript/process-context.ts';
import { typeScriptLayout } from '../../../../src/languages/typescript/layout.ts';
import { renderProject } from '../../../../src/project/render.ts';
import { definitionOf, usableFile } from '../../../support/hostile-definitions.ts';
import { collidingTexts, hostileText } from '../../../support/hostile-texts.ts';
import { declaredNames } from '../../../support/token-check.ts';

function specOf(definition: WorkerDefinition): ProjectSpec {
  return {
    name: 'a-worker',
    language: 'typescript',
    processes: [{ definition, source: 'file' }],
    local: true,
    packageManager: 'npm',
    cliPackage: '0.1.0',
  };
}

const NAMES = ['variable', 'activity', 'inputType', 'dataType', 'contextType'] as const;

/** All names in the generated code that belong to a task, by code. */
function namesOf(definition: WorkerDefinition, choices: TaskChoices = {}): ReadonlyMap<string, readonly unknown[]> {
  const process = { definition, layout: typeScriptLayout(), choices };
  const { tasks } = processContext(process, { others: [], validators: '' }) as {
    readonly tasks: readonly Readonly<Record<'code' | (typeof NAMES)[number], string>>[];
  };
  return new Map(tasks.map((task) => [task.code, NAMES.map((name) => task[name])]));
}

const taskOf = (code: string, kind: TaskDefinition['kind'] = 'human'): TaskDefinition => ({ code, kind });

describe('names of tasks', () => {
  it('are distinct, and do not change when a task is added, moved or removed', () => {
    const code = fc.oneof(
      hostileText,
      collidingTexts.map(([first = 'A']) => first),
    );
    fc.assert(
      fc.property(usableFile, code, fc.nat(), fc.constantFrom('human', 'system'), (file, added, at, kind) => {
        const fewer = definitionOf(file);
        fc.pre(!fewer.tasks.some((task) => task.code === added));
        const index = at % (fewer.tasks.length + 1);
        const tasks = [...fewer.tasks.slice(0, index), taskOf(added, kind), ...fewer.tasks.slice(index)];
        const before = namesOf(fewer);
        const recorded = JSON.parse(JSON.stringify(nameTasks(fewer, {}, TS_NAMING))) as TaskChoices;
        expect(namesOf(fewer, recorded)).toEqual(before);
        const after = namesOf({ ...fewer, tasks }, recorded);
        expect(after.size).toBe(before.size + 1);
        for (const [kept, names] of before) expect(after.get(kept)).toEqual(names);
        for (const at of NAMES.keys()) {
          const all = [...after.values()].map((names) => names[at]).filter((name) => name !== undefined);
          expect(new Set(all).size).toBe(all.length);
        }
        // A removed task keeps its name, in case it returns.
        const alone = { ...fewer, tasks: [taskOf(added, kind)] };
        expect(namesOf(alone, recorded).get(added)?.[0]).toBe(after.get(added)?.[0]);
      }),
      { numRuns: 300 },
    );
  });

  it('have a number only if two codes of the process have the same name', () => {
    const variables = (...codes: string[]): readonly unknown[] =>
      [...namesOf({ ...sampleDefinition(), tasks: codes.map((code) => taskOf(code)) }).values()].map(
        ([first]) => first,
      );
    expect(variables('2ND_REVIEW', 'Préstamo', 'DELETE')).toEqual(['task2ndReview', 'prestamo', 'deleteTask']);
    expect(variables('A_B', 'a b', 'aB', 'A_B_2')).toEqual(['aB', 'aB_2', 'aB_3', 'aB2']);
    expect(variables('DELETE_TASK', 'DELETE')).toEqual(['deleteTask', 'deleteTask_2']);
  });

  it('are chosen again if the record has one that is in use or reserved', () => {
    const definition = { ...sampleDefinition(), tasks: ['A', 'B', 'C', 'D'].map((code) => taskOf(code)) };
    const choices = {
      A: { name: 'same' },
      B: { name: 'same', activity: 'kept' },
      C: { name: 'Same' },
      D: { name: 'kuflow' },
    };
    expect(nameTasks(definition, choices, TS_NAMING)).toEqual({
      A: { name: 'same' },
      B: { name: 'b', activity: 'kept' },
      C: { name: 'c' },
      D: { name: 'd' },
    });
  });

  it('differ from the names that the templates declare or import', async () => {
    const [human, , ...others] = sampleDefinition().tasks;
    const definition = { ...sampleDefinition(), tasks: [taskOf('A'), taskOf('B', 'system'), ...others] };
    expect(human?.kind).toBe('human');
    const files = await renderProject(specOf(definition));
    const modules = files.filter(({ path }) => /^src\/(?:workflows|activities|process\/tasks)\.ts$/.test(path));
    const declared = modules.flatMap(({ path, contents }) => declaredNames(path, Buffer.from(contents).toString()));
    const own = new Set(definition.tasks.flatMap(({ code }) => [...(namesOf(definition).get(code) ?? [])]));
    const words = [...new Set(declared)].filter((word) => !own.has(word) && word !== definition.workflow.type);
    expect(words).toEqual(expect.arrayContaining(['kuflow', 'processId', 'createActivities', 'tasks', 'Metadata']));
    expect(words.filter((word) => !RESERVED.has(word))).toEqual([]);
    for (const code of ['PROCESS_ID', 'CREATE_ACTIVITIES', 'THEN', 'TO_STRING', 'CONSTRUCTOR'])
      expect(identifier(code, 'camel', RESERVED, 'task')).toMatch(/Task$/);
  });
});

// Device names on Windows, and names that Windows truncates or rejects.
const WINDOWS =
  /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?:\.|$)|[ .]$|[<>:"|?*\\\u0000-\u001f]/i;

describe('paths derived from texts', () => {
  it('stay inside the project on every operating system', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const { toProcess, definitionFile, code } = typeScriptLayout(fileName(text));
        expect(toProcess).toBe('.');
        for (const path of [definitionFile, ...code]) {
          for (const segment of path.split('/')) {
            expect(segment).toMatch(/^[a-z0-9_-][a-z0-9._-]*$/);
            expect(segment).not.toMatch(WINDOWS);
            expect(Buffer.byteLength(segment)).toBeLessThan(100);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('stay distinct on file systems that ignore case or normalize Unicode', async () => {
    const slugs = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(collidingTexts, (codes) => {
        for (const code of codes) {
          const slug = fileName(code).toUpperCase().normalize('NFKC');
          expect([undefined, code]).toContain(slugs.get(slug));
          slugs.set(slug, code);
        }
        return Promise.resolve();
      }),
    );
    expect(slugs.size).toBeGreaterThan(20);
    const further = [...slugs.values()].map((code) => ({
      slug: fileName(code),
      source: 'file' as const,
      definition: { ...sampleDefinition(), process: { code } },
    }));
    const sample = specOf(sampleDefinition());
    const plan = await planProject(
      { ...sample, processes: [...sample.processes, ...further] },
      { version: '1', command: 'x' },
    );
    const paths = plan.map(({ path }) => path);
    expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length);
    expect(paths.filter((path) => path.startsWith('/') || path.split('/').includes('..'))).toEqual([]);
  });
});

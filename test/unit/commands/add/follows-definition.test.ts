import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addToProject } from '../../../../src/commands/add/add-to-project.ts';
import { loadDefinition } from '../../../../src/process/definition/file.ts';
import { renderDefinition } from '../../../../src/process/definition/render-definition.ts';
import type { ProcessDefinition, TaskDefinition } from '../../../../src/process/definition.ts';
import { textOf } from '../../../../src/languages/planned-file.ts';
import { toProjectSpec, openProject } from '../../../../src/project/edit/open-project.ts';
import { renderProject } from '../../../../src/project/render.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { writeUntouchedProject } from '../../../support/untouched-project.ts';

const temporaryFolder = temporaryFolders();

const CODES = ['A', 'B', 'A_B', 'a b', 'CHECK_CREDIT', 'EXAMPLE', 'class', "it's"];
const KINDS = ['human', 'system', 'message', 'thread'] as const;
const change = fc.record({
  what: fc.constantFrom('write', 'remove', 'name', 'shape', 'kind'),
  code: fc.constantFrom(...CODES),
  kind: fc.constantFrom(...KINDS),
  at: fc.nat(9),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What a person does to a definition in an editor. */
function edited(definition: ProcessDefinition, { what, code, kind, at }: Change): ProcessDefinition {
  const { tasks } = definition;
  const place = at % Math.max(tasks.length, 1);
  const each = (map: (task: TaskDefinition) => TaskDefinition): readonly TaskDefinition[] =>
    tasks.map((task, index) => (index === place ? map(task) : task));
  switch (what) {
    case 'write':
      return tasks.some((task) => task.code === code)
        ? definition
        : { ...definition, tasks: [...tasks.slice(0, place), { code, kind }, ...tasks.slice(place)] };
    case 'remove':
      return { ...definition, tasks: tasks.filter((_, index) => index !== place) };
    case 'name':
      return { ...definition, tasks: each((task) => ({ ...task, name: `${code} of mine` })) };
    case 'shape': {
      const schema = { type: 'object', properties: { [code]: { type: 'string' } } };
      return { ...definition, tasks: each((task) => ({ ...task, data: { schema } })) };
    }
    case 'kind':
      return { ...definition, tasks: each((task) => ({ ...task, kind })) };
  }
}

it('unedited code follows the definition, however it changes between additions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 4 }), { minLength: 1, maxLength: 4 }), async (rounds) => {
      const folder = join(temporaryFolder(), 'worker');
      await writeUntouchedProject(folder);
      const file = join(folder, 'kuflow.process.yaml');
      for (const [round, changes] of rounds.entries()) {
        writeFileSync(file, renderDefinition(changes.reduce(edited, await loadDefinition(file))));
        const project = await openProject(folder, {}, '1.0.0');
        const [process] = project.processes;
        const result = await addToProject({
          project,
          addition: {
            kind: 'task',
            process,
            task: { code: `NEW_${round}`, kind: round % 2 === 0 ? 'system' : 'human' },
          },
          ...{ cwd: folder, edit: [], dryRun: false, command: '', invocation: 'kuflow' },
        });
        expect(result.files.filter(({ action }) => action !== 'written')).toEqual([]);
        const now = await openProject(folder, {}, '1.0.0');
        const rendered = await renderProject(toProjectSpec(now, now.processes));
        for (const path of process.layout.code) {
          const wanted = textOf(rendered.find((one) => one.path === path));
          const file = join(folder, path);
          expect(existsSync(file) ? readFileSync(file, 'utf8') : undefined, path).toBe(wanted);
        }
      }
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 4 },
  );
});

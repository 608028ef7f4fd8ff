import { definitionFile } from '../../process/definition/file.ts';
import type { ProcessLayout } from '../language.ts';

/** The layout of the additional process with this slug (from `fileName`), or without a slug, of the first process of a project. */
export function typeScriptLayout(slug?: string) {
  const folder = slug === undefined ? 'src' : `src/processes/${slug}`;
  const declarations = slug === undefined ? 'src/process' : folder;
  return {
    definitionFile: definitionFile(slug),
    workflows: `${folder}/workflows.ts`,
    activities: `${folder}/activities.ts`,
    /** Contains the workflows of user actions, if there are any. */
    actions: `${folder}/actions.ts`,
    tasks: `${declarations}/tasks.ts`,
    types: `${declarations}/types.ts`,
    validators: `${declarations}/validators.ts`,
    test: slug === undefined ? 'test/workflows.test.ts' : `test/${slug}.workflows.test.ts`,
    /** From the folder of `workflows` and `activities` to that of `tasks` and `types`. */
    toProcess: slug === undefined ? './process' : '.',
  };
}

export type TypeScriptLayout = Readonly<ReturnType<typeof typeScriptLayout>>;

/** The parts of a process in its layout: every file except its definition. */
export const TYPESCRIPT_PARTS = ['tasks', 'types', 'validators', 'workflows', 'actions', 'activities', 'test'] as const;

export function processLayout(slug?: string): ProcessLayout {
  const layout = typeScriptLayout(slug);
  const { definitionFile, tasks, workflows: workflow, activities } = layout;
  const code = TYPESCRIPT_PARTS.map((part) => layout[part]);
  return { definitionFile, tasks, workflow, activities: [activities], code };
}

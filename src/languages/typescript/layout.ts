import { layoutOf } from '../process-parts.ts';

/** The layout of the additional process with this slug (from `fileName`), or without a slug, of the first process of a project. */
export function typeScriptLayout(slug?: string) {
  const folder = slug === undefined ? 'src' : `src/processes/${slug}`;
  const declarations = slug === undefined ? 'src/process' : folder;
  const parts = {
    tasks: `${declarations}/tasks.ts`,
    types: `${declarations}/types.ts`,
    validators: `${declarations}/validators.ts`,
    workflow: `${folder}/workflows.ts`,
    /** Contains the workflows of user actions, if there are any. */
    actions: `${folder}/actions.ts`,
    activities: `${folder}/activities.ts`,
    test: slug === undefined ? 'test/workflows.test.ts' : `test/${slug}.workflows.test.ts`,
  };
  return {
    ...layoutOf(slug, parts, [parts.activities]),
    /** From the folder of `workflow` and `activities` to that of `tasks` and `types`. */
    toProcess: slug === undefined ? './process' : '.',
  };
}

export type TypeScriptLayout = Readonly<ReturnType<typeof typeScriptLayout>>;

import { definitionFile } from '../../process/definition/file.ts';
import type { ProcessLayout } from '../language.ts';

/** Paths of the files of one process. */
export interface TypeScriptLayout {
  readonly definitionFile: string;
  readonly workflows: string;
  readonly activities: string;
  /** Contains the workflows of user actions, if there are any. */
  readonly actions: string;
  readonly tasks: string;
  readonly types: string;
  readonly validators: string;
  readonly test: string;
  /** From the folder of `workflows` and `activities` to that of `tasks` and `types`. */
  readonly toProcess: string;
}

/** The layout of the additional process with this slug (from `fileName`), or without a slug, of the first process of a project. */
export function typeScriptLayout(slug?: string): TypeScriptLayout {
  if (slug === undefined) {
    return {
      definitionFile: definitionFile(),
      workflows: 'src/workflows.ts',
      activities: 'src/activities.ts',
      actions: 'src/actions.ts',
      tasks: 'src/process/tasks.ts',
      types: 'src/process/types.ts',
      validators: 'src/process/validators.ts',
      test: 'test/workflows.test.ts',
      toProcess: './process',
    };
  }
  const folder = `src/processes/${slug}`;
  return {
    definitionFile: definitionFile(slug),
    workflows: `${folder}/workflows.ts`,
    activities: `${folder}/activities.ts`,
    actions: `${folder}/actions.ts`,
    tasks: `${folder}/tasks.ts`,
    types: `${folder}/types.ts`,
    validators: `${folder}/validators.ts`,
    test: `test/${slug}.workflows.test.ts`,
    toProcess: '.',
  };
}

/** The layout as the rest of this tool needs it. */
export function processLayout(slug?: string): ProcessLayout {
  const { definitionFile, workflows, activities, actions, tasks, types, validators, test } = typeScriptLayout(slug);
  return {
    definitionFile,
    tasks,
    workflow: workflows,
    activities: [activities],
    code: [tasks, types, validators, workflows, actions, activities, test],
  };
}

/** Whether a file of a process contains only declarations, whose order does not matter. */
export function hasDeclarationsOnly(path: string): boolean {
  return /^src\/(?:activities|process\/(?:tasks|types)|processes\/[^/]+\/(?:activities|tasks|types))\.ts$/.test(path);
}

/** Whether a file is nothing but a process definition in TypeScript, so that it can be regenerated at any time. */
export function isDefinitionCode(path: string): boolean {
  return /^src\/process(?:es\/[^/]+)?\/(?:tasks|types|validators)\.ts$/.test(path);
}

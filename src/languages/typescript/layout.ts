import { DEFINITION_FILE, additionalDefinitionFile } from '../../process/definition/file.ts';

/** Where the files of one process stand in a project, and how they reach the files that all processes share. */
export interface ProcessLayout {
  readonly definitionFile: string;
  readonly workflows: string;
  readonly activities: string;
  readonly tasks: string;
  readonly types: string;
  readonly test: string;
  /** From the folder of `workflows` and `activities`. */
  readonly toKuflow: string;
  /** From the folder of `workflows` and `activities` to that of `tasks` and `types`. */
  readonly toProcess: string;
  /** From the folder of `tasks`. */
  readonly tasksToKuflow: string;
}

/** The layout of a process: of the first one of a project without `slug`, otherwise of the additional process with that slug (from `fileName`). */
export function processLayout(slug?: string): ProcessLayout {
  if (slug === undefined) {
    return {
      definitionFile: DEFINITION_FILE,
      workflows: 'src/workflows.ts',
      activities: 'src/activities.ts',
      tasks: 'src/process/tasks.ts',
      types: 'src/process/types.ts',
      test: 'test/workflows.test.ts',
      toKuflow: './kuflow',
      toProcess: './process',
      tasksToKuflow: '../kuflow',
    };
  }
  const folder = `src/processes/${slug}`;
  return {
    definitionFile: additionalDefinitionFile(slug),
    workflows: `${folder}/workflows.ts`,
    activities: `${folder}/activities.ts`,
    tasks: `${folder}/tasks.ts`,
    types: `${folder}/types.ts`,
    test: `test/${slug}.workflows.test.ts`,
    toKuflow: '../../kuflow',
    toProcess: '.',
    tasksToKuflow: '../../kuflow',
  };
}

/** The files of a process that its definition became. */
export function listCodeFiles({ tasks, types, workflows, activities, test }: ProcessLayout): readonly string[] {
  return [tasks, types, workflows, activities, test];
}

/** Whether a file of a process holds declarations, whose order means nothing. */
export function hasDeclarationsOnly(path: string): boolean {
  return /^src\/(?:activities|process\/(?:tasks|types)|processes\/[^/]+\/(?:activities|tasks|types))\.ts$/.test(path);
}

/** Whether a file of a process is its definition in TypeScript and nothing else, so that it can be written anew at any time. */
export function isDefinitionCode(path: string): boolean {
  return /^src\/process(?:es\/[^/]+)?\/(?:tasks|types)\.ts$/.test(path);
}

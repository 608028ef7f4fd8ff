import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ProjectSpec } from '../languages/project-spec.ts';
import { loadDefinitionText } from '../process/definition/file.ts';
import { applyTaskChanges, type TaskChanges } from '../process/definition/change-tasks.ts';
import { definitionFromFlags, type DefinitionFlags } from '../process/definition/from-flags.ts';
import { requireWorkflow, type ProcessDefinition } from '../process/definition.ts';
import { sampleDefinition } from '../process/sample.ts';
import type { WorkerSample } from '../process/worker-sample/read.ts';
import type { DiscoveredProcess } from './types.ts';

/** Where a process definition comes from. Overrides replace what the source says. */
export type ProcessSource =
  | { readonly kind: 'sample'; readonly overrides: DefinitionOverrides }
  | { readonly kind: 'file'; readonly path: string; readonly overrides: DefinitionOverrides }
  | { readonly kind: 'flags'; readonly flags: DefinitionFlags }
  | {
      readonly kind: 'worker-sample';
      /** A zip archive or a folder. */
      readonly path: string;
      /** The sample, if it was already read. */
      readonly sample?: WorkerSample | undefined;
      /** What the sample does not say, and what replaces what it says. */
      readonly flags: Omit<DefinitionFlags, 'tasks'>;
      readonly overrides: Pick<DefinitionOverrides, 'tasks'>;
    }
  | {
      readonly kind: 'api';
      readonly code: string;
      /** Number of instances to read for the shapes of their data. */
      readonly sample?: number | undefined;
      /** The process, if it was already read. */
      readonly discovered?: DiscoveredProcess | undefined;
      readonly overrides: DefinitionOverrides;
    };

export interface DefinitionOverrides {
  readonly taskQueue?: string | undefined;
  readonly workflowType?: string | undefined;
  readonly processId?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly tasks?: TaskChanges | undefined;
}

export interface LoadProcessOptions {
  /** Absolute; file names are relative to it. */
  readonly cwd: string;
  readonly discover: (code: string, sample: number | undefined) => Promise<DiscoveredProcess>;
}

/** The process of a project: the definition, where it comes from, and what is uncertain about it if it was read from instances. */
export type LoadedProcess = Pick<ProjectSpec, 'definition' | 'definitionSource' | 'definitionNotes' | 'definitionText'>;

/** Loads a process definition from its source. Rejects with a KnownError that says what is wrong with the source. */
export async function loadProcess(source: ProcessSource, options: LoadProcessOptions): Promise<LoadedProcess> {
  let definition: ProcessDefinition;
  let notes: readonly string[] = [];
  let text: string | undefined;
  if (source.kind === 'sample') definition = sampleDefinition();
  else if (source.kind === 'file') ({ definition, text } = await loadDefinitionText(resolve(options.cwd, source.path)));
  else if (source.kind === 'flags') definition = await definitionFromFlags(source.flags, options.cwd);
  else if (source.kind === 'worker-sample') {
    // Imported on demand: reading an archive needs a large package.
    const [{ readWorkerSample }, { definitionFromSample }] = await Promise.all([
      import('../process/worker-sample/read.ts'),
      import('../process/worker-sample/definition.ts'),
    ]);
    const sample = source.sample ?? (await readWorkerSample(resolve(options.cwd, source.path)));
    definition = await definitionFromSample(sample, source.flags, options.cwd);
    notes = sample.notes;
  } else ({ definition, notes } = source.discovered ?? (await options.discover(source.code, source.sample)));
  const overrides: DefinitionOverrides = source.kind === 'flags' ? {} : source.overrides;
  const { taskQueue, workflowType, processId, tenantId, tasks } = overrides;
  // The API tells neither of the two, so they are always given with an API source.
  const found = source.kind === 'api' ? { type: '', taskQueue: '' } : requireWorkflow(definition).workflow;
  const workflow = { type: workflowType ?? found.type, taskQueue: taskQueue ?? found.taskQueue };
  const complete = { ...definition, workflow };
  const changed = {
    ...(tasks === undefined ? complete : applyTaskChanges(complete, tasks)),
    process: {
      ...definition.process,
      ...(processId === undefined ? {} : { id: processId }),
      ...(tenantId === undefined ? {} : { tenant: tenantId }),
    },
  };
  return {
    definition: changed,
    definitionSource: source.kind,
    definitionNotes: notes.length === 0 ? undefined : notes,
    definitionText: isDeepStrictEqual(changed, definition) ? text : undefined,
  };
}

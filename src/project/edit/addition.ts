import type { DefinitionSource } from '../../languages/project-spec.ts';
import type { ProcessDefinition, TaskDefinition } from '../../process/definition.ts';
import type { OpenedProcess, WorkerProject } from './open-project.ts';
import type { PlannedEdit } from './conflicts.ts';

export type AdditionRequest =
  | {
      readonly kind: 'process';
      readonly definition: ProcessDefinition;
      readonly source: DefinitionSource;
      /** Comments for the top of its definition file. */
      readonly notes: readonly string[];
    }
  /** A process that was added before, and whose addition left something to do. */
  | { readonly kind: 'resumed-process'; readonly process: OpenedProcess }
  | {
      readonly kind: 'task';
      readonly process: OpenedProcess;
      readonly task: TaskDefinition;
      /** Code of the task that it comes after; the last one when absent. */
      readonly after?: string;
    }
  | { readonly kind: 'activity'; readonly name: string };
export interface AdditionContext {
  /** Version of this tool. */
  readonly version: string;
  /** How a person starts `kuflow` here. */
  readonly invocation: string;
}
/** What is to be done to a project. */

export interface Addition {
  /** As the project has them afterwards. */
  readonly processes: WorkerProject['processes'];
  /** In the order in which they are told. */
  readonly edits: readonly PlannedEdit[];
}

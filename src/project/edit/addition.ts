import type { DefinitionSource } from '../../languages/project-spec.ts';
import type { ActionDefinition, TaskDefinition, WorkerDefinition } from '../../process/definition.ts';
import type { ProjectBase } from '../base-archive.ts';
import type { PlannedEdit } from './file-edit.ts';
import type { OpenedProcess, WorkerProject } from './open-project.ts';

export type AdditionRequest =
  | {
      readonly kind: 'process';
      readonly definition: WorkerDefinition;
      readonly source: DefinitionSource;
      /** Comments for the top of its definition file. */
      readonly notes: readonly string[];
      /** See `AdditionalProcess.text`. */
      readonly text?: string | undefined;
    }
  /** A process that was added before, but not completely. */
  | { readonly kind: 'resumed-process'; readonly process: OpenedProcess }
  | {
      readonly kind: 'task';
      readonly process: OpenedProcess;
      readonly task: TaskDefinition;
      /** Code of the task to insert it after. Default: the last task. */
      readonly after?: string | undefined;
    }
  | { readonly kind: 'action'; readonly process: OpenedProcess; readonly action: ActionDefinition }
  | { readonly kind: 'activity'; readonly name: string }
  /** The code for what people have changed in the definition files. */
  | { readonly kind: 'code' };

export interface Addition {
  readonly processes: WorkerProject['processes'];
  /** In the order to report them. */
  readonly edits: readonly PlannedEdit[];
  readonly base: ProjectBase;
}

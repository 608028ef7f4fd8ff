import type { JsonObject } from '../base/json.ts';

/** Who or what completes a task: a person (`human`) or the worker (`system`); or it is a `message` to read, or a `thread` to talk in. */
export type TaskKind = 'human' | 'system' | 'message' | 'thread';

export const TASK_KINDS: readonly TaskKind[] = ['human', 'system', 'message', 'thread'];

/** No white space around a task queue: settings are trimmed, so the worker would poll a different queue. */
export const TASK_QUEUE_PATTERN = '^\\S([\\s\\S]*\\S)?$';

/** The shape of a KuFlow JSON value: a JSON Schema, and optionally a JSON Forms UI schema. */
export interface DataShape {
  readonly schema: JsonObject;
  readonly uiSchema?: JsonObject;
}

export interface TaskDefinition {
  /** Code of the process item definition in KuFlow, unique within the process. */
  readonly code: string;
  readonly kind: TaskKind;
  readonly name?: string;
  readonly description?: string;
  readonly data?: DataShape;
  readonly contextData?: DataShape;
  /** For human tasks: codes of groups and emails of users that may claim the task. Without it, everybody may. */
  readonly candidates?: readonly string[];
}

/** The content of `kuflow.process.yaml`. Discovery writes it; templates and the local KuFlow read it. */
export interface ProcessDefinition {
  readonly process: {
    /** KuFlow's process definition code. */
    readonly code: string;
    readonly name?: string;
    /** Process definition ID, UUID. */
    readonly id?: string;
    /** Process definition version, UUID. */
    readonly version?: string;
    /** Tenant ID, UUID. */
    readonly tenant?: string;
    /** Whether KuFlow encrypts the data of its workflows: the switch "confidential" in the KuFlow app. */
    readonly confidential?: boolean;
  };
  readonly workflow: {
    /** Temporal workflow type, exactly as in the process definition in the KuFlow app. */
    readonly type: string;
    /** Temporal task queue, exactly as in the process definition in the KuFlow app. */
    readonly taskQueue: string;
  };
  readonly metadata?: DataShape;
  readonly entity?: DataShape;
  readonly tasks: readonly TaskDefinition[];
}

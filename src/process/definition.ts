import type { JsonObject } from '../base/json.ts';

/** How a task runs: a person, the worker itself, a message to read, a thread to talk in. */
export type TaskKind = 'human' | 'system' | 'message' | 'thread';

export const TASK_KINDS: readonly TaskKind[] = ['human', 'system', 'message', 'thread'];

/** Pattern of a task queue. Settings lose white space around a value, and a worker would poll another queue than KuFlow fills. */
export const TASK_QUEUE_PATTERN = '^\\S([\\s\\S]*\\S)?$';

/** The shape of a KuFlow JSON value: JSON Schema, and the JSON Forms UI schema when there is one. */
export interface DataShape {
  readonly schema: JsonObject;
  readonly uiSchema?: JsonObject;
}

export interface TaskDefinition {
  /** KuFlow's process item definition code, unique in the process. */
  readonly code: string;
  readonly kind: TaskKind;
  readonly name?: string;
  readonly description?: string;
  readonly data?: DataShape;
  readonly contextData?: DataShape;
}

/** What a process is: the content of `kuflow.process.yaml`, the hinge between discovery, templates and the local platform. */
export interface ProcessDefinition {
  readonly process: {
    /** KuFlow's process definition code. */
    readonly code: string;
    readonly name?: string;
    /** Process definition id, UUID. */
    readonly id?: string;
    /** Process definition version, UUID. */
    readonly version?: string;
    /** Tenant id, UUID. */
    readonly tenant?: string;
  };
  readonly workflow: {
    /** Temporal workflow type, exactly as in the process definition in KuFlow's app. */
    readonly type: string;
    /** Temporal task queue, exactly as in the process definition in KuFlow's app. */
    readonly taskQueue: string;
  };
  readonly metadata?: DataShape;
  readonly entity?: DataShape;
  readonly tasks: readonly TaskDefinition[];
}

import { KnownError } from '../base/errors.ts';
import type { JsonObject } from '../base/json.ts';

/** Who or what completes a task: a person (`human`) or the worker (`system`); or it is a `message` to read, or a `thread` to talk in. */
export type TaskKind = 'human' | 'system' | 'message' | 'thread';

export const TASK_KINDS: readonly TaskKind[] = ['human', 'system', 'message', 'thread'];

/** No whitespace around a task queue: settings are trimmed, so the worker would poll a different queue. */
export const TASK_QUEUE_PATTERN = '^\\S([\\s\\S]*\\S)?$';

/** A URL to which the local KuFlow can send events. */
export const WEBHOOK_URL_PATTERN = '^https?://[^\\s/]\\S*$';

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

/** A workflow that KuFlow starts, exactly as set in the KuFlow app. */
export interface WorkflowReference {
  /** Temporal workflow type. */
  readonly type: string;
  /** Temporal task queue. */
  readonly taskQueue: string;
}

export type ActionAudience = 'initiator' | 'process-manager';

export const ACTION_AUDIENCES: readonly ActionAudience[] = ['initiator', 'process-manager'];

/** What an action does. `message` without a task code is KuFlow's built-in message. */
type ActionEffect =
  | { readonly type: 'start-workflow' | 'downloadable'; readonly workflow: WorkflowReference }
  | { readonly type: 'send-workflow-signal'; readonly signal: string; readonly input?: DataShape }
  | { readonly type: 'create-task'; readonly task: string }
  | { readonly type: 'create-process-item-message'; readonly message?: string }
  | { readonly type: 'create-process-item-thread'; readonly thread: string }
  | { readonly type: 'start-related-process'; readonly process: string };

/** A user action: what people invoke in the menu of a process. */
export type ActionDefinition = ActionEffect & {
  /** Code of the action definition in KuFlow, unique among the actions of the process. */
  readonly code: string;
  readonly name?: string;
  readonly description?: string;
  /** Who may invoke it. Without it, the initiator and the process managers. */
  readonly availableTo?: readonly ActionAudience[];
};

export type ActionType = ActionDefinition['type'];

/** The keys of an action of a type, in addition to those that every action has, and whether the type requires them. */
export const ACTION_KEYS = {
  'start-workflow': { workflow: true },
  downloadable: { workflow: true },
  'send-workflow-signal': { signal: true, input: false },
  'create-task': { task: true },
  'create-process-item-message': { message: false },
  'create-process-item-thread': { thread: true },
  'start-related-process': { process: true },
} as const satisfies Record<ActionType, Readonly<Record<string, boolean>>>;

/** A key of actions that only some types have. */
export type ActionKey = { [Type in ActionType]: keyof (typeof ACTION_KEYS)[Type] }[ActionType];

export const ACTION_TYPES = Object.keys(ACTION_KEYS) as readonly ActionType[];

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
  /** The workflow that runs the process. A process with a webhook, or whose engine is "none", does not have one. */
  readonly workflow?: WorkflowReference;
  /** Where KuFlow sends the events of a process whose engine is "API & Webhooks". */
  readonly webhook?: { readonly url: string };
  readonly metadata?: DataShape;
  readonly entity?: DataShape;
  readonly tasks: readonly TaskDefinition[];
  readonly actions?: readonly ActionDefinition[];
}

/** The definition of a process that a worker runs. */
export type WorkerDefinition = ProcessDefinition & { readonly workflow: WorkflowReference };

/** The definition of a process that a worker runs. Throws a KnownError if the process does not have a workflow. */
export function requireWorkflow(definition: ProcessDefinition): WorkerDefinition {
  const { process, workflow } = definition;
  if (workflow !== undefined) return { ...definition, workflow };
  throw new KnownError({
    message: `Process ${process.code} does not have a workflow, so a worker cannot run it`,
    next: ['Set workflow.type and workflow.task-queue in its definition, as in the KuFlow app'],
    status: 2,
  });
}

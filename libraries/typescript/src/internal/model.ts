/** KuFlow's data in REST calls and workflows. Dates are ISO 8601 strings. Contains only types, so that workflow code can import it. */

/** An ID, in lower case with hyphens. */
export type Uuid = string;

/** A KuFlow JSON value. `valid` and `errors` come from KuFlow and are ignored in requests. */
export interface JsonValue<T = Record<string, unknown>> {
  readonly value: T;
  readonly valid?: boolean;
  readonly errors?: readonly { readonly propertyPath?: string; readonly type?: string }[];
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

export interface Page<T> {
  readonly metadata: {
    readonly size: number;
    readonly page: number;
    readonly totalElements: number;
    readonly totalPages: number;
  };
  readonly content: readonly T[];
}

interface Audited {
  readonly createdBy?: Uuid;
  readonly createdAt?: string;
  readonly lastModifiedBy?: Uuid;
  readonly lastModifiedAt?: string;
}

export interface DefinitionRef {
  readonly id: Uuid;
  readonly version?: Uuid;
  readonly code: string;
}

export interface Principal {
  readonly id: Uuid;
  readonly type: 'USER' | 'APPLICATION' | 'SYSTEM';
  readonly name?: string;
  readonly user?: { readonly id: Uuid; readonly email?: string };
  readonly application?: { readonly id: Uuid };
}

export interface TenantUser extends Audited {
  readonly id: Uuid;
  readonly tenantId: Uuid;
  readonly principal: Principal;
  readonly metadata?: JsonValue;
}

export type ProcessState = 'RUNNING' | 'COMPLETED' | 'CANCELLED';

export interface Process extends Audited {
  readonly id: Uuid;
  readonly state: ProcessState;
  readonly tenantId: Uuid;
  readonly initiatorId?: Uuid;
  readonly processDefinitionRef?: DefinitionRef;
  readonly metadata?: JsonValue;
  readonly entity?: JsonValue;
}

export type ProcessItemType = 'TASK' | 'MESSAGE' | 'THREAD';
export type ProcessItemTaskState = 'READY' | 'CLAIMED' | 'COMPLETED' | 'CANCELLED';

export interface ProcessItem extends Audited {
  readonly id: Uuid;
  readonly type: ProcessItemType;
  readonly processId: Uuid;
  readonly tenantId?: Uuid;
  readonly ownerId?: Uuid;
  readonly processItemDefinitionRef?: DefinitionRef;
  readonly task?: {
    readonly state: ProcessItemTaskState;
    readonly data?: JsonValue;
    readonly contextData?: JsonValue;
    readonly logs?: readonly { readonly level: string; readonly message: string }[];
  };
  readonly message?: {
    readonly text?: string;
    readonly data?: JsonValue;
    readonly dataStructureDataDefinitionCode?: string;
  };
}

/** A user action that was invoked. The field of its type says what it created. */
export interface ProcessAction extends Audited {
  readonly id: Uuid;
  readonly type: string;
  readonly status: 'REQUESTED' | 'COMPLETED' | 'CANCELED' | 'ERROR';
  readonly processActionDefinitionRef: { readonly id?: Uuid; readonly code: string };
  readonly downloadable?: { readonly documentUri?: string; readonly documentExpired?: boolean };
  readonly startRelatedProcess?: { readonly processDefinitionId: Uuid; readonly processId: Uuid };
  readonly createTask?: { readonly processItemId?: Uuid };
  readonly createProcessItemMessage?: { readonly processItemId?: Uuid };
  readonly createProcessItemThread?: { readonly processItemId?: Uuid };
  readonly sendWorkflowSignal?: { readonly signalName?: string; readonly input?: JsonValue };
}

/** The argument that KuFlow passes to a process's workflow. */
export interface WorkflowRequest {
  readonly processId: Uuid;
  readonly requestTime?: string;
  readonly requestTimeZone?: string;
  readonly extras?: Record<string, unknown>;
}

/** The result of a process's workflow. */
export interface WorkflowResponse {
  readonly message: string;
}

/** The signal that KuFlow sends when an item is completed. */
export interface ProcessItemSignal {
  readonly id: Uuid;
  readonly type: ProcessItemType;
  readonly payload?: {
    readonly processItemDefinitionCode?: string | null;
    readonly dataStructureDataDefinitionCode?: string | null;
  };
  readonly requestTime?: string;
  readonly requestTimeZone?: string;
}

/** The signal that KuFlow sends to the workflow for a user action. The name of the signal is in the process definition. */
export interface UserActionSignal {
  readonly userActionDefinitionCode: string;
  readonly requestTime?: string;
  readonly requestTimeZone?: string;
  readonly requestInstant?: string;
  /** What the user entered, if the action accepts input. */
  readonly input?: unknown;
}

/** The argument that KuFlow passes to a user action's workflow. */
export interface ActionRequest {
  readonly processId: Uuid;
  readonly userActionDefinitionType: string;
  readonly userActionDefinitionCode: string;
  /** The ID of the action and of its workflow. */
  readonly userActionId: Uuid;
  /** The user or application that invoked the action. */
  readonly requestorPrincipalId: Uuid;
  readonly requestTime?: string;
  readonly requestTimeZone?: string;
  readonly extras?: Record<string, unknown>;
}

/** The result of a user action's workflow. For a downloadable action, it must contain the URI of one of the process's documents. */
export interface ActionResponse {
  readonly message?: string;
  readonly downloadable?: { readonly documentUri: string };
}

interface Find {
  readonly page?: number;
  readonly size?: number;
  readonly sorts?: readonly string[];
  readonly tenantIds?: readonly Uuid[];
  readonly deleted?: 'EXCLUDE' | 'INCLUDE' | 'ONLY';
}

type ItemId = { readonly processItemId: Uuid };
type ProcessId = { readonly processId: Uuid };
type ProcessActionId = ProcessId & { readonly processActionId: Uuid };
type ArtifactId = { readonly businessArtifactId: Uuid };
type ArtifactActionId = ArtifactId & { readonly businessArtifactActionId: Uuid };
type ArtifactActionCode = ArtifactId & { readonly businessArtifactActionDefinitionCode: string };
type Patch = { readonly jsonPatch: readonly JsonPatchOperation[] };
type Body = Record<string, unknown>;
type Returns<Field extends string, Value = Body> = Readonly<Record<Field, Value>>;
type ItemResponse = Returns<'processItem', ProcessItem>;
type ProcessResponse = Returns<'process', Process>;
type Call<Request, Response> = (request: Request) => Promise<Response>;

/** The operations of KuFlow's API that its own libraries offer as activities. */
export interface KuFlowOperations {
  retrievePrincipal: Call<{ readonly principalId: Uuid }, Returns<'principal', Principal>>;
  retrieveTenantUser: Call<{ readonly tenantUserId: Uuid }, Returns<'tenantUser', TenantUser>>;
  findProcesses: Call<
    Find & {
      readonly processDefinitionIds?: readonly Uuid[];
      readonly processDefinitionCodes?: readonly string[];
      readonly states?: readonly ProcessState[];
      readonly initiatorIds?: readonly Uuid[];
      readonly initiatorEmails?: readonly string[];
      readonly metadata?: readonly string[];
    },
    Returns<'processes', Page<Process>>
  >;
  retrieveProcess: Call<ProcessId, ProcessResponse>;
  deleteProcess: Call<ProcessId, Body>;
  updateProcessEntity: Call<ProcessId & { readonly entity: JsonValue }, ProcessResponse>;
  patchProcessEntity: Call<ProcessId & Patch, ProcessResponse>;
  updateProcessMetadata: Call<ProcessId & { readonly metadata: JsonValue }, ProcessResponse>;
  patchProcessMetadata: Call<ProcessId & Patch, ProcessResponse>;
  changeProcessInitiator: Call<ProcessId & { readonly initiatorId?: Uuid; readonly initiatorEmail?: string }, ProcessResponse>;
  createProcessAction: Call<
    ProcessId & {
      readonly id?: Uuid;
      readonly processActionDefinitionCode: string;
      readonly createTask?: Body;
      readonly createProcessItemMessage?: Body;
      readonly startRelatedProcess?: Body;
      readonly sendWorkflowSignal?: Body;
    },
    Returns<'processAction', ProcessAction>
  >;
  retrieveProcessAction: Call<ProcessActionId, Returns<'processAction', ProcessAction>>;
  cancelProcessAction: Call<ProcessActionId, Returns<'processAction', ProcessAction>>;
  findProcessItems: Call<
    Find & {
      readonly processIds?: readonly Uuid[];
      readonly types?: readonly ProcessItemType[];
      readonly taskStates?: readonly ProcessItemTaskState[];
      readonly processItemDefinitionCodes?: readonly string[];
      readonly processDefinitionIds?: readonly Uuid[];
      readonly processDefinitionCodes?: readonly string[];
    },
    Returns<'processItems', Page<ProcessItem>>
  >;
  retrieveProcessItem: Call<ItemId, ItemResponse>;
  createProcessItem: Call<
    {
      readonly id: Uuid;
      readonly type: ProcessItemType;
      readonly processId: Uuid;
      readonly processItemThreadId?: Uuid;
      readonly ownerId?: Uuid;
      readonly ownerEmail?: string;
      readonly processItemDefinitionCode?: string;
      readonly task?: { readonly data?: JsonValue<object>; readonly contextData?: JsonValue<object> };
      readonly message?: {
        readonly text?: string;
        readonly data?: JsonValue<object>;
        readonly dataStructureDataDefinitionCode?: string;
      };
    },
    ItemResponse
  >;
  completeProcessItemTask: Call<ItemId, ItemResponse>;
  claimProcessItemTask: Call<ItemId, ItemResponse>;
  assignProcessItemTask: Call<ItemId & { readonly ownerId?: Uuid; readonly ownerEmail?: string }, ItemResponse>;
  updateProcessItemTaskData: Call<ItemId & { readonly data: JsonValue<object> }, ItemResponse>;
  patchProcessItemTaskData: Call<ItemId & Patch, ItemResponse>;
  appendProcessItemTaskLog: Call<ItemId & { readonly message: string; readonly level: 'INFO' | 'WARN' | 'ERROR' }, ItemResponse>;
  updateProcessItemTaskContextData: Call<ItemId & { readonly data: JsonValue<object> }, ItemResponse>;
  generateProcessItemAiAssistance: Call<ItemId & { readonly requestId: Uuid }, Returns<'processItemAiAssistance'>>;
  retrieveProcessItemAiAssistance: Call<ItemId, Returns<'processItemAiAssistance'>>;
  cancelProcessItems: Call<ProcessId & { readonly processItemIds?: readonly Uuid[] }, ProcessResponse>;
  findBusinessArtifacts: Call<
    Find & {
      readonly businessArtifactDefinitionIds?: readonly Uuid[];
      readonly businessArtifactDefinitionCodes?: readonly string[];
      readonly values?: readonly string[];
    },
    Returns<'businessArtifacts', Page<Body>>
  >;
  createBusinessArtifact: Call<
    {
      readonly id?: Uuid;
      readonly businessArtifactDefinitionId?: Uuid;
      readonly tenantId?: Uuid;
      readonly businessArtifactDefinitionCode?: string;
      readonly data?: JsonValue<object>;
    },
    Returns<'businessArtifact'>
  >;
  retrieveBusinessArtifact: Call<ArtifactId, Returns<'businessArtifact'>>;
  deleteBusinessArtifact: Call<ArtifactId, Body>;
  updateBusinessArtifact: Call<ArtifactId & { readonly data: JsonValue<object> }, Returns<'businessArtifact'>>;
  patchBusinessArtifact: Call<ArtifactId & Patch, Returns<'businessArtifact'>>;
  createBusinessArtifactAction: Call<
    ArtifactActionCode & {
      readonly id?: Uuid;
      readonly startWorkflow?: Body;
      readonly downloadable?: Body;
      readonly startProcess?: Body;
      readonly createArtifact?: Body;
    },
    Returns<'businessArtifactAction'>
  >;
  retrieveBusinessArtifactAction: Call<ArtifactActionId, Returns<'businessArtifactAction'>>;
  cancelBusinessArtifactAction: Call<ArtifactActionId, Returns<'businessArtifactAction'>>;
  prepareBusinessArtifactCreateArtifact: Call<ArtifactActionCode, Returns<'businessArtifactCreateArtifactPrepare'>>;
  prepareBusinessArtifactActionCreateArtifact: Call<ArtifactActionCode, Returns<'businessArtifactActionCreateArtifactPrepare'>>;
  prepareBusinessArtifactActionStartProcess: Call<ArtifactActionCode, Returns<'businessArtifactActionStartProcessPrepare'>>;
}

/** KuFlow's activities, with the names that KuFlow's own libraries use. */
export type KuFlowActivities = {
  [Operation in keyof KuFlowOperations as `KuFlow_Engine_${Operation}`]: KuFlowOperations[Operation];
};

/** Activities of this worker that are not part of KuFlow's libraries. */
export interface WorkerActivities {
  /** The application whose credentials this worker uses; its ID is its principal ID. */
  KuFlow_Worker_retrieveApplication: () => Promise<{ readonly applicationId: Uuid }>;
  /** Validates and saves the data of a system task, and completes the task. Rejects data that does not match its schema. */
  KuFlow_Worker_completeTask: Call<ItemId & { readonly code: string; readonly data: object }, ItemResponse>;
}

/** KuFlow's data in REST calls and workflows. Dates are ISO 8601 strings. Contains only types, so that workflow code can import it. */

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
  };
  readonly message?: {
    readonly text?: string;
    readonly data?: JsonValue;
    readonly dataStructureDataDefinitionCode?: string;
  };
}

/** The argument that KuFlow passes to the workflow of a process. */
export interface WorkflowRequest {
  readonly processId: Uuid;
  readonly requestTime?: string;
  readonly requestTimeZone?: string;
  readonly extras?: Record<string, unknown>;
}

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

/** The signal that KuFlow sends to the workflow for a user action; its name is in the process definition. */
export interface UserActionSignal {
  readonly userActionDefinitionCode: string;
  readonly requestTime?: string;
  readonly requestTimeZone?: string;
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
type ArtifactId = { readonly businessArtifactId: Uuid };
type Patch = { readonly jsonPatch: readonly JsonPatchOperation[] };
type Body = Record<string, unknown>;
type ItemResponse = { readonly processItem: ProcessItem };
type ProcessResponse = { readonly process: Process };
type Call<Request, Response> = (request: Request) => Promise<Response>;

/** KuFlow's activities, with the names that KuFlow's own libraries use. */
export interface KuFlowActivities {
  KuFlow_Engine_retrievePrincipal: Call<{ readonly principalId: Uuid }, { readonly principal: Principal }>;
  KuFlow_Engine_retrieveTenantUser: Call<{ readonly tenantUserId: Uuid }, { readonly tenantUser: TenantUser }>;
  KuFlow_Engine_findProcesses: Call<
    Find & {
      readonly processDefinitionIds?: readonly Uuid[];
      readonly processDefinitionCodes?: readonly string[];
      readonly states?: readonly ProcessState[];
      readonly initiatorIds?: readonly Uuid[];
      readonly initiatorEmails?: readonly string[];
      readonly metadata?: readonly string[];
    },
    { readonly processes: Page<Process> }
  >;
  KuFlow_Engine_retrieveProcess: Call<ProcessId, ProcessResponse>;
  KuFlow_Engine_deleteProcess: Call<ProcessId, Body>;
  KuFlow_Engine_updateProcessEntity: Call<ProcessId & { readonly entity: JsonValue }, ProcessResponse>;
  KuFlow_Engine_patchProcessEntity: Call<ProcessId & Patch, ProcessResponse>;
  KuFlow_Engine_updateProcessMetadata: Call<ProcessId & { readonly metadata: JsonValue }, ProcessResponse>;
  KuFlow_Engine_patchProcessMetadata: Call<ProcessId & Patch, ProcessResponse>;
  KuFlow_Engine_changeProcessInitiator: Call<
    ProcessId & { readonly initiatorId?: Uuid; readonly initiatorEmail?: string },
    ProcessResponse
  >;
  KuFlow_Engine_createProcessAction: Call<
    ProcessId & {
      readonly id?: Uuid;
      readonly processActionDefinitionCode: string;
      readonly createTask?: Body;
      readonly createProcessItemMessage?: Body;
      readonly startRelatedProcess?: Body;
      readonly sendWorkflowSignal?: Body;
    },
    { readonly processAction: Body }
  >;
  KuFlow_Engine_retrieveProcessAction: Call<
    ProcessId & { readonly processActionId: Uuid },
    { readonly processAction: Body }
  >;
  KuFlow_Engine_cancelProcessAction: Call<
    ProcessId & { readonly processActionId: Uuid },
    { readonly processAction: Body }
  >;
  KuFlow_Engine_findProcessItems: Call<
    Find & {
      readonly processIds?: readonly Uuid[];
      readonly types?: readonly ProcessItemType[];
      readonly taskStates?: readonly ProcessItemTaskState[];
      readonly processItemDefinitionCodes?: readonly string[];
      readonly processDefinitionIds?: readonly Uuid[];
      readonly processDefinitionCodes?: readonly string[];
    },
    { readonly processItems: Page<ProcessItem> }
  >;
  KuFlow_Engine_retrieveProcessItem: Call<ItemId, ItemResponse>;
  KuFlow_Engine_createProcessItem: Call<
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
  KuFlow_Engine_completeProcessItemTask: Call<ItemId, ItemResponse>;
  KuFlow_Engine_claimProcessItemTask: Call<ItemId, ItemResponse>;
  KuFlow_Engine_assignProcessItemTask: Call<
    ItemId & { readonly ownerId?: Uuid; readonly ownerEmail?: string },
    ItemResponse
  >;
  KuFlow_Engine_updateProcessItemTaskData: Call<ItemId & { readonly data: JsonValue<object> }, ItemResponse>;
  KuFlow_Engine_patchProcessItemTaskData: Call<ItemId & Patch, ItemResponse>;
  KuFlow_Engine_appendProcessItemTaskLog: Call<
    ItemId & { readonly message: string; readonly level: 'INFO' | 'WARN' | 'ERROR' },
    ItemResponse
  >;
  KuFlow_Engine_updateProcessItemTaskContextData: Call<ItemId & { readonly data: JsonValue<object> }, ItemResponse>;
  KuFlow_Engine_generateProcessItemAiAssistance: Call<
    ItemId & { readonly requestId: Uuid },
    { readonly processItemAiAssistance: Body }
  >;
  KuFlow_Engine_retrieveProcessItemAiAssistance: Call<ItemId, { readonly processItemAiAssistance: Body }>;
  KuFlow_Engine_cancelProcessItems: Call<ProcessId & { readonly processItemIds?: readonly Uuid[] }, ProcessResponse>;
  KuFlow_Engine_findBusinessArtifacts: Call<
    Find & {
      readonly businessArtifactDefinitionIds?: readonly Uuid[];
      readonly businessArtifactDefinitionCodes?: readonly string[];
      readonly values?: readonly string[];
    },
    { readonly businessArtifacts: Page<Body> }
  >;
  KuFlow_Engine_createBusinessArtifact: Call<
    {
      readonly id?: Uuid;
      readonly businessArtifactDefinitionId?: Uuid;
      readonly tenantId?: Uuid;
      readonly businessArtifactDefinitionCode?: string;
      readonly data?: JsonValue<object>;
    },
    { readonly businessArtifact: Body }
  >;
  KuFlow_Engine_retrieveBusinessArtifact: Call<ArtifactId, { readonly businessArtifact: Body }>;
  KuFlow_Engine_deleteBusinessArtifact: Call<ArtifactId, Body>;
  KuFlow_Engine_updateBusinessArtifact: Call<
    ArtifactId & { readonly data: JsonValue<object> },
    { readonly businessArtifact: Body }
  >;
  KuFlow_Engine_patchBusinessArtifact: Call<ArtifactId & Patch, { readonly businessArtifact: Body }>;
  KuFlow_Engine_createBusinessArtifactAction: Call<
    ArtifactId & {
      readonly id?: Uuid;
      readonly businessArtifactActionDefinitionCode: string;
      readonly startWorkflow?: Body;
      readonly downloadable?: Body;
      readonly startProcess?: Body;
      readonly createArtifact?: Body;
    },
    { readonly businessArtifactAction: Body }
  >;
  KuFlow_Engine_retrieveBusinessArtifactAction: Call<
    ArtifactId & { readonly businessArtifactActionId: Uuid },
    { readonly businessArtifactAction: Body }
  >;
  KuFlow_Engine_cancelBusinessArtifactAction: Call<
    ArtifactId & { readonly businessArtifactActionId: Uuid },
    { readonly businessArtifactAction: Body }
  >;
  KuFlow_Engine_prepareBusinessArtifactCreateArtifact: Call<
    ArtifactId & { readonly businessArtifactActionDefinitionCode: string },
    { readonly businessArtifactCreateArtifactPrepare: Body }
  >;
  KuFlow_Engine_prepareBusinessArtifactActionCreateArtifact: Call<
    ArtifactId & { readonly businessArtifactActionDefinitionCode: string },
    { readonly businessArtifactActionCreateArtifactPrepare: Body }
  >;
  KuFlow_Engine_prepareBusinessArtifactActionStartProcess: Call<
    ArtifactId & { readonly businessArtifactActionDefinitionCode: string },
    { readonly businessArtifactActionStartProcessPrepare: Body }
  >;
}

/** Activities of this worker that are not part of KuFlow's libraries. */
export interface WorkerActivities {
  /** The application whose credentials this worker uses; its id is its principal id. */
  KuFlow_Worker_retrieveApplication: () => Promise<{ readonly applicationId: Uuid }>;
}

import { cancellationSignal, log } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { find, get, id, patch, pick, post, put, remove, type Call, type CallOf } from './activity-calls.ts';
import { failureOf } from './activity-failure.ts';
import { requireAll, requireItemParts, type Request } from './activity-validation.ts';
import type { KuFlowActivities, Principal, ProcessItem, WorkerActivities } from './model.ts';
import { RestError, type RestClient } from './rest-client.ts';

type Handler = (request: Request) => Promise<unknown>;
type DoneByUs = (item: ProcessItem, request: Request) => boolean | Promise<boolean>;

/**
 * Every activity of KuFlow's own libraries, under their names and with their fields and failures, so that a workflow
 * that was written for those libraries runs here unchanged.
 */
export function createKuFlowActivities(rest: RestClient, applicationId: string): KuFlowActivities & WorkerActivities {
  const send = async (call: Call): Promise<unknown> => {
    const { body } = await rest.call<unknown>({ ...call, signal: cancellationSignal() });
    return body;
  };

  /** What KuFlow has to answer with. Nothing at all is no sign that something was done. */
  const fetched = async (call: Call): Promise<unknown> => {
    const body = await send(call);
    if (body === undefined) throw new RestError(`${call.operation}: an answer without a body`, call);
    return body;
  };

  /** An activity: checks the request, calls KuFlow, answers with the result under `field`. */
  const activity =
    (field: string | undefined, required: readonly string[], callOf: CallOf): Named =>
    (operation) =>
      guarded(operation, async (request) => {
        requireAll(request, required);
        const call = { operation, ...callOf(request) };
        if (field !== undefined) return { [field]: await fetched(call) };
        await send(call);
        return {};
      });

  /** An action on a task whose first answer may have been lost: if it is done already, and by us, it succeeded. */
  const taskAction =
    (required: readonly string[], action: string, bodyOf: (request: Request) => unknown, doneByUs: DoneByUs): Named =>
    (operation) =>
      guarded(operation, async (request) => {
        requireAll(request, required);
        const item = `/process-items/${id(request, 'processItemId')}`;
        try {
          const body = bodyOf(request);
          const path = `${item}/task/~actions/${action}`;
          return {
            processItem: await fetched({ operation, method: 'POST', path, ...(body === undefined ? {} : { body }) }),
          };
        } catch (error) {
          if (!(error instanceof RestError) || (error.status !== 403 && error.status !== 409)) throw error;
          const processItem = (await fetched({
            operation: 'retrieveProcessItem',
            method: 'GET',
            path: item,
          })) as ProcessItem;
          if (await doneByUs(processItem, request)) return { processItem };
          throw error;
        }
      });

  const isOwnedAsAsked: DoneByUs = async ({ ownerId }, { ownerId: asked, ownerEmail }) => {
    if (ownerId === undefined) return false;
    if (typeof asked === 'string') return ownerId === asked;
    const owner = (await fetched({
      operation: 'retrievePrincipal',
      method: 'GET',
      path: `/principals/${ownerId}`,
    })) as Principal;
    return typeof ownerEmail === 'string' && owner.user?.email?.toLowerCase() === ownerEmail.toLowerCase();
  };

  const processAt = (suffix: string) => (request: Request) => `/processes/${id(request, 'processId')}${suffix}`;
  const itemAt = (suffix: string) => (request: Request) => `/process-items/${id(request, 'processItemId')}${suffix}`;
  const artifactAt = (suffix: string) => (request: Request) =>
    `/business-artifacts/${id(request, 'businessArtifactId')}${suffix}`;
  const actionAt = (suffix: string) => (request: Request) =>
    processAt(`/actions/${id(request, 'processActionId')}${suffix}`)(request);
  const artifactActionAt = (suffix: string) => (request: Request) =>
    artifactAt(`/actions/${id(request, 'businessArtifactActionId')}${suffix}`)(request);

  const PROCESS = 'processId';
  const ITEM = 'processItemId';
  const ARTIFACT = 'businessArtifactId';
  const PREPARE_CREATE = post(artifactAt('/~actions/prepare-create-artifact'), [
    'businessArtifactActionDefinitionCode',
  ]);

  const table: Record<keyof KuFlowActivities, Named> = {
    KuFlow_Engine_retrievePrincipal: activity(
      'principal',
      ['principalId'],
      get((r) => `/principals/${id(r, 'principalId')}`),
    ),
    KuFlow_Engine_retrieveTenantUser: activity(
      'tenantUser',
      ['tenantUserId'],
      get((r) => `/tenant-users/${id(r, 'tenantUserId')}`),
    ),

    KuFlow_Engine_findProcesses: activity('processes', [], find('/processes')),
    KuFlow_Engine_retrieveProcess: activity('process', [PROCESS], get(processAt(''))),
    KuFlow_Engine_deleteProcess: activity(undefined, [PROCESS], remove(processAt(''))),
    KuFlow_Engine_updateProcessEntity: activity('process', [PROCESS, 'entity'], put(processAt('/entity'), ['entity'])),
    KuFlow_Engine_patchProcessEntity: activity('process', [PROCESS, 'jsonPatch'], patch(processAt('/entity'))),
    KuFlow_Engine_updateProcessMetadata: activity(
      'process',
      [PROCESS, 'metadata'],
      put(processAt('/metadata'), ['metadata']),
    ),
    KuFlow_Engine_patchProcessMetadata: (operation) => {
      const inner = activity('process', [PROCESS, 'jsonPatch'], patch(processAt('/metadata')))(operation);
      // KuFlow's older Python library calls the field `params`.
      return (request) => inner({ ...request, jsonPatch: request['jsonPatch'] ?? request['params'] });
    },
    KuFlow_Engine_changeProcessInitiator: activity(
      'process',
      [PROCESS, 'initiatorId|initiatorEmail'],
      post(processAt('/~actions/change-initiator'), ['initiatorId', 'initiatorEmail']),
    ),
    KuFlow_Engine_createProcessAction: activity(
      'processAction',
      [PROCESS, 'processActionDefinitionCode'],
      post(
        processAt('/actions'),
        [
          'processActionDefinitionCode',
          'createTask',
          'createProcessItemMessage',
          'startRelatedProcess',
          'sendWorkflowSignal',
        ],
        'with id',
      ),
    ),
    KuFlow_Engine_retrieveProcessAction: activity('processAction', [PROCESS, 'processActionId'], get(actionAt(''))),
    KuFlow_Engine_cancelProcessAction: activity(
      'processAction',
      [PROCESS, 'processActionId'],
      post(actionAt('/~actions/cancel'), []),
    ),

    KuFlow_Engine_findProcessItems: activity('processItems', [], find('/process-items')),
    KuFlow_Engine_retrieveProcessItem: activity('processItem', [ITEM], get(itemAt(''))),
    KuFlow_Engine_createProcessItem: (operation) => {
      const inner = activity(
        'processItem',
        ['id', PROCESS, 'type'],
        post(
          () => '/process-items',
          [
            'id',
            'type',
            PROCESS,
            'processItemThreadId',
            'ownerId',
            'ownerEmail',
            'processItemDefinitionCode',
            'task',
            'message',
          ],
        ),
      )(operation);
      return guarded(operation, async (request) => {
        requireItemParts(request);
        return inner(request);
      });
    },
    KuFlow_Engine_completeProcessItemTask: taskAction(
      [ITEM],
      'complete',
      () => undefined,
      (item) => item.task?.state === 'COMPLETED' && item.ownerId === applicationId,
    ),
    KuFlow_Engine_claimProcessItemTask: taskAction(
      [ITEM],
      'claim',
      () => undefined,
      (item) => item.task?.state === 'CLAIMED' && item.ownerId === applicationId,
    ),
    KuFlow_Engine_assignProcessItemTask: taskAction(
      [ITEM, 'ownerId|ownerEmail'],
      'assign',
      (request) => pick(request, ['ownerId', 'ownerEmail']),
      async (item, request) => item.task?.state === 'CLAIMED' && (await isOwnedAsAsked(item, request)),
    ),
    KuFlow_Engine_updateProcessItemTaskData: activity(
      'processItem',
      [ITEM, 'data'],
      put(itemAt('/task/data'), ['data']),
    ),
    KuFlow_Engine_patchProcessItemTaskData: activity('processItem', [ITEM, 'jsonPatch'], patch(itemAt('/task/data'))),
    KuFlow_Engine_appendProcessItemTaskLog: activity('processItem', [ITEM, 'level', 'message'], (request) => ({
      ...post(itemAt('/task/~actions/append-log'), ['message', 'level'])(request),
      once: true,
    })),
    KuFlow_Engine_updateProcessItemTaskContextData: activity(
      'processItem',
      [ITEM, 'data'],
      put(itemAt('/task/context-data'), ['data']),
    ),
    KuFlow_Engine_generateProcessItemAiAssistance: activity(
      'processItemAiAssistance',
      [ITEM, 'requestId'],
      post(itemAt('/~actions/ai-assistance'), ['requestId']),
    ),
    KuFlow_Engine_retrieveProcessItemAiAssistance: activity(
      'processItemAiAssistance',
      [ITEM],
      get(itemAt('/~actions/ai-assistance')),
    ),
    KuFlow_Engine_cancelProcessItems: activity('process', [PROCESS], (request) => ({
      method: 'POST',
      path: processAt('/~actions/cancel-process-items')(request),
      query: { processItemId: request['processItemIds'] as readonly string[] | undefined },
    })),

    KuFlow_Engine_findBusinessArtifacts: activity('businessArtifacts', [], find('/business-artifacts')),
    KuFlow_Engine_createBusinessArtifact: activity(
      'businessArtifact',
      ['businessArtifactDefinitionId|businessArtifactDefinitionCode'],
      post(
        () => '/business-artifacts',
        ['businessArtifactDefinitionId', 'tenantId', 'businessArtifactDefinitionCode', 'data'],
        'with id',
      ),
    ),
    KuFlow_Engine_retrieveBusinessArtifact: activity('businessArtifact', [ARTIFACT], get(artifactAt(''))),
    KuFlow_Engine_deleteBusinessArtifact: activity(undefined, [ARTIFACT], remove(artifactAt(''))),
    KuFlow_Engine_updateBusinessArtifact: activity(
      'businessArtifact',
      [ARTIFACT, 'data'],
      put(artifactAt('/data'), ['data']),
    ),
    KuFlow_Engine_patchBusinessArtifact: activity(
      'businessArtifact',
      [ARTIFACT, 'jsonPatch'],
      patch(artifactAt('/data')),
    ),
    KuFlow_Engine_createBusinessArtifactAction: activity(
      'businessArtifactAction',
      [ARTIFACT, 'businessArtifactActionDefinitionCode'],
      post(
        artifactAt('/actions'),
        ['businessArtifactActionDefinitionCode', 'startWorkflow', 'downloadable', 'startProcess', 'createArtifact'],
        'with id',
      ),
    ),
    KuFlow_Engine_retrieveBusinessArtifactAction: activity(
      'businessArtifactAction',
      [ARTIFACT, 'businessArtifactActionId'],
      get(artifactActionAt('')),
    ),
    KuFlow_Engine_cancelBusinessArtifactAction: activity(
      'businessArtifactAction',
      [ARTIFACT, 'businessArtifactActionId'],
      post(artifactActionAt('/~actions/cancel'), []),
    ),
    // One operation of KuFlow's API, named differently by the generations of its libraries.
    KuFlow_Engine_prepareBusinessArtifactCreateArtifact: activity(
      'businessArtifactCreateArtifactPrepare',
      [ARTIFACT, 'businessArtifactActionDefinitionCode'],
      PREPARE_CREATE,
    ),
    KuFlow_Engine_prepareBusinessArtifactActionCreateArtifact: activity(
      'businessArtifactActionCreateArtifactPrepare',
      [ARTIFACT, 'businessArtifactActionDefinitionCode'],
      PREPARE_CREATE,
    ),
    KuFlow_Engine_prepareBusinessArtifactActionStartProcess: activity(
      'businessArtifactActionStartProcessPrepare',
      [ARTIFACT, 'businessArtifactActionDefinitionCode'],
      post(artifactAt('/~actions/prepare-start-process'), ['businessArtifactActionDefinitionCode']),
    ),
  };

  const activities = Object.entries(table).map(
    ([name, make]) => [name, make(name.replace('KuFlow_Engine_', ''))] as const,
  );
  return {
    ...(Object.fromEntries(activities) as unknown as KuFlowActivities),
    KuFlow_Worker_retrieveApplication: async () => ({ applicationId }),
  };
}

type Named = (operation: string) => Handler;

function guarded(operation: string, run: Handler): Handler {
  return async (request) => {
    try {
      return await run(request ?? {});
    } catch (error) {
      const signal = cancellationSignal();
      if (signal.aborted) throw signal.reason instanceof CancelledFailure ? signal.reason : error;
      if (error instanceof RestError && error.status !== undefined && error.status >= 400 && error.status < 500) {
        // Temporal retries it until somebody acts, so somebody has to see it.
        log.error('KuFlow refused a call', {
          operation,
          status: error.status,
          error,
          ...(typeof request?.['processItemId'] === 'string' ? { processItemId: request['processItemId'] } : {}),
        });
      }
      throw failureOf(error);
    }
  };
}

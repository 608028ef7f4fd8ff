import { cancellationSignal, log } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { find, get, patch, pathParam, pick, post, put, remove, type Call, type ToCall } from './activity-calls.ts';
import { toApplicationFailure } from './activity-failure.ts';
import { requireFields, validateProcessItem, type Request } from './activity-validation.ts';
import type { KuFlowActivities, Principal, ProcessItem, WorkerActivities } from './model.ts';
import { RestError, type RestClient } from './rest-client.ts';

type Handler = (request: Request) => Promise<unknown>;
type IsDoneByApplication = (item: ProcessItem, request: Request) => boolean | Promise<boolean>;

/**
 * All activities of KuFlow's own libraries, with the same names, fields and failures, so that workflows written for those
 * libraries run unchanged.
 */
export function createKuFlowActivities(rest: RestClient, applicationId: string): KuFlowActivities & WorkerActivities {
  const send = async (call: Call): Promise<unknown> => {
    const { body } = await rest.call<unknown>({ ...call, signal: cancellationSignal() });
    return body;
  };

  /** Sends a call whose response must have a body. An empty response does not prove that KuFlow did anything. */
  const sendForBody = async (call: Call): Promise<unknown> => {
    const body = await send(call);
    if (body === undefined) throw new RestError(`${call.operation}: the response has no body`, call);
    return body;
  };

  /** An activity that validates the request, calls KuFlow, and returns the response body as `field`. */
  const activity =
    (field: string | undefined, required: readonly string[], toCall: ToCall): ActivityFactory =>
    (operation) =>
      withFailures(operation, async (request) => {
        requireFields(request, required);
        const call = { operation, ...toCall(request) };
        if (field !== undefined) return { [field]: await sendForBody(call) };
        await send(call);
        return {};
      });

  /**
   * An action on a task. If KuFlow refuses it, an earlier response may have been lost: the action succeeds if this application
   * has already done it.
   */
  const taskAction =
    (
      required: readonly string[],
      action: string,
      toBody: (request: Request) => unknown,
      isDoneByApplication: IsDoneByApplication,
    ): ActivityFactory =>
    (operation) =>
      withFailures(operation, async (request) => {
        requireFields(request, required);
        const item = `/process-items/${pathParam(request, 'processItemId')}`;
        try {
          const body = toBody(request);
          const path = `${item}/task/~actions/${action}`;
          return {
            processItem: await sendForBody({
              operation,
              method: 'POST',
              path,
              ...(body === undefined ? {} : { body }),
            }),
          };
        } catch (error) {
          if (!(error instanceof RestError) || (error.status !== 403 && error.status !== 409)) throw error;
          const processItem = (await sendForBody({
            operation: 'retrieveProcessItem',
            method: 'GET',
            path: item,
          })) as ProcessItem;
          if (await isDoneByApplication(processItem, request)) return { processItem };
          throw error;
        }
      });

  const hasRequestedOwner: IsDoneByApplication = async ({ ownerId }, { ownerId: requestedId, ownerEmail }) => {
    if (ownerId === undefined) return false;
    if (typeof requestedId === 'string') return ownerId === requestedId;
    const owner = (await sendForBody({
      operation: 'retrievePrincipal',
      method: 'GET',
      path: `/principals/${ownerId}`,
    })) as Principal;
    return typeof ownerEmail === 'string' && owner.user?.email?.toLowerCase() === ownerEmail.toLowerCase();
  };

  const processPath = (suffix: string) => (request: Request) =>
    `/processes/${pathParam(request, 'processId')}${suffix}`;
  const itemPath = (suffix: string) => (request: Request) =>
    `/process-items/${pathParam(request, 'processItemId')}${suffix}`;
  const artifactPath = (suffix: string) => (request: Request) =>
    `/business-artifacts/${pathParam(request, 'businessArtifactId')}${suffix}`;
  const actionPath = (suffix: string) => (request: Request) =>
    processPath(`/actions/${pathParam(request, 'processActionId')}${suffix}`)(request);
  const artifactActionPath = (suffix: string) => (request: Request) =>
    artifactPath(`/actions/${pathParam(request, 'businessArtifactActionId')}${suffix}`)(request);

  const PROCESS = 'processId';
  const ITEM = 'processItemId';
  const ARTIFACT = 'businessArtifactId';
  const PREPARE_CREATE = post(artifactPath('/~actions/prepare-create-artifact'), [
    'businessArtifactActionDefinitionCode',
  ]);

  const factories: Record<keyof KuFlowActivities, ActivityFactory> = {
    KuFlow_Engine_retrievePrincipal: activity(
      'principal',
      ['principalId'],
      get((r) => `/principals/${pathParam(r, 'principalId')}`),
    ),
    KuFlow_Engine_retrieveTenantUser: activity(
      'tenantUser',
      ['tenantUserId'],
      get((r) => `/tenant-users/${pathParam(r, 'tenantUserId')}`),
    ),

    KuFlow_Engine_findProcesses: activity('processes', [], find('/processes')),
    KuFlow_Engine_retrieveProcess: activity('process', [PROCESS], get(processPath(''))),
    KuFlow_Engine_deleteProcess: activity(undefined, [PROCESS], remove(processPath(''))),
    KuFlow_Engine_updateProcessEntity: activity(
      'process',
      [PROCESS, 'entity'],
      put(processPath('/entity'), ['entity']),
    ),
    KuFlow_Engine_patchProcessEntity: activity('process', [PROCESS, 'jsonPatch'], patch(processPath('/entity'))),
    KuFlow_Engine_updateProcessMetadata: activity(
      'process',
      [PROCESS, 'metadata'],
      put(processPath('/metadata'), ['metadata']),
    ),
    KuFlow_Engine_patchProcessMetadata: (operation) => {
      const inner = activity('process', [PROCESS, 'jsonPatch'], patch(processPath('/metadata')))(operation);
      // KuFlow's older Python library calls the field `params`.
      return (request) => inner({ ...request, jsonPatch: request['jsonPatch'] ?? request['params'] });
    },
    KuFlow_Engine_changeProcessInitiator: activity(
      'process',
      [PROCESS, 'initiatorId|initiatorEmail'],
      post(processPath('/~actions/change-initiator'), ['initiatorId', 'initiatorEmail']),
    ),
    KuFlow_Engine_createProcessAction: activity(
      'processAction',
      [PROCESS, 'processActionDefinitionCode'],
      post(
        processPath('/actions'),
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
    KuFlow_Engine_retrieveProcessAction: activity('processAction', [PROCESS, 'processActionId'], get(actionPath(''))),
    KuFlow_Engine_cancelProcessAction: activity(
      'processAction',
      [PROCESS, 'processActionId'],
      post(actionPath('/~actions/cancel'), []),
    ),

    KuFlow_Engine_findProcessItems: activity('processItems', [], find('/process-items')),
    KuFlow_Engine_retrieveProcessItem: activity('processItem', [ITEM], get(itemPath(''))),
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
      return withFailures(operation, async (request) => {
        validateProcessItem(request);
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
      async (item, request) => item.task?.state === 'CLAIMED' && (await hasRequestedOwner(item, request)),
    ),
    KuFlow_Engine_updateProcessItemTaskData: activity(
      'processItem',
      [ITEM, 'data'],
      put(itemPath('/task/data'), ['data']),
    ),
    KuFlow_Engine_patchProcessItemTaskData: activity('processItem', [ITEM, 'jsonPatch'], patch(itemPath('/task/data'))),
    KuFlow_Engine_appendProcessItemTaskLog: activity('processItem', [ITEM, 'level', 'message'], (request) => ({
      ...post(itemPath('/task/~actions/append-log'), ['message', 'level'])(request),
      once: true,
    })),
    KuFlow_Engine_updateProcessItemTaskContextData: activity(
      'processItem',
      [ITEM, 'data'],
      put(itemPath('/task/context-data'), ['data']),
    ),
    KuFlow_Engine_generateProcessItemAiAssistance: activity(
      'processItemAiAssistance',
      [ITEM, 'requestId'],
      post(itemPath('/~actions/ai-assistance'), ['requestId']),
    ),
    KuFlow_Engine_retrieveProcessItemAiAssistance: activity(
      'processItemAiAssistance',
      [ITEM],
      get(itemPath('/~actions/ai-assistance')),
    ),
    KuFlow_Engine_cancelProcessItems: activity('process', [PROCESS], (request) => ({
      method: 'POST',
      path: processPath('/~actions/cancel-process-items')(request),
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
    KuFlow_Engine_retrieveBusinessArtifact: activity('businessArtifact', [ARTIFACT], get(artifactPath(''))),
    KuFlow_Engine_deleteBusinessArtifact: activity(undefined, [ARTIFACT], remove(artifactPath(''))),
    KuFlow_Engine_updateBusinessArtifact: activity(
      'businessArtifact',
      [ARTIFACT, 'data'],
      put(artifactPath('/data'), ['data']),
    ),
    KuFlow_Engine_patchBusinessArtifact: activity(
      'businessArtifact',
      [ARTIFACT, 'jsonPatch'],
      patch(artifactPath('/data')),
    ),
    KuFlow_Engine_createBusinessArtifactAction: activity(
      'businessArtifactAction',
      [ARTIFACT, 'businessArtifactActionDefinitionCode'],
      post(
        artifactPath('/actions'),
        ['businessArtifactActionDefinitionCode', 'startWorkflow', 'downloadable', 'startProcess', 'createArtifact'],
        'with id',
      ),
    ),
    KuFlow_Engine_retrieveBusinessArtifactAction: activity(
      'businessArtifactAction',
      [ARTIFACT, 'businessArtifactActionId'],
      get(artifactActionPath('')),
    ),
    KuFlow_Engine_cancelBusinessArtifactAction: activity(
      'businessArtifactAction',
      [ARTIFACT, 'businessArtifactActionId'],
      post(artifactActionPath('/~actions/cancel'), []),
    ),
    // One operation of the API, which older and newer KuFlow libraries name differently.
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
      post(artifactPath('/~actions/prepare-start-process'), ['businessArtifactActionDefinitionCode']),
    ),
  };

  const activities = Object.entries(factories).map(
    ([name, create]) => [name, create(name.replace('KuFlow_Engine_', ''))] as const,
  );
  return {
    ...(Object.fromEntries(activities) as unknown as KuFlowActivities),
    KuFlow_Worker_retrieveApplication: async () => ({ applicationId }),
  };
}

type ActivityFactory = (operation: string) => Handler;

function withFailures(operation: string, run: Handler): Handler {
  return async (request) => {
    try {
      return await run(request ?? {});
    } catch (error) {
      const signal = cancellationSignal();
      if (signal.aborted) throw signal.reason instanceof CancelledFailure ? signal.reason : error;
      if (error instanceof RestError && error.status !== undefined && error.status >= 400 && error.status < 500) {
        // Temporal retries this until somebody fixes the cause, so it must be visible in the log.
        log.error('KuFlow rejected a call', {
          operation,
          status: error.status,
          error,
          ...(typeof request?.['processItemId'] === 'string' ? { processItemId: request['processItemId'] } : {}),
        });
      }
      throw toApplicationFailure(error);
    }
  };
}

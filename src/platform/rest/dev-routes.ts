import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from '@sinclair/typebox';

import { messageOf } from '../../base/errors.ts';
import { withoutUndefined } from '../../base/json.ts';
import { lazy } from '../../base/lazy.ts';
import { packageVersion } from '../../base/package-root.ts';
import { Secret } from '../../base/secret.ts';
import {
  compileAnswerValidator,
  compileRequestValidator,
} from '../../kuflow/contract/request-and-answer-validators.ts';
import type { Operation } from '../../kuflow/contract/operation.ts';
import type { CompiledSchemas } from '../console/compiled-schemas.ts';
import { createExampleData } from '../console/example-data.ts';
import { pageAddress } from '../console/page-address.ts';
import { findDefinitionOfProcess, listServedDefinitions } from '../console/served-definitions.ts';
import { ApiError, badRequest, conflict, forbidden, notFound } from '../domain/api-error.ts';
import type { OperationContext } from '../domain/context.ts';
import { listPeople } from '../domain/people.ts';
import { listAvailableActions, listInvokedActions } from '../domain/process-actions.ts';
import { releaseTask } from '../domain/process-items.ts';
import { requireProcess } from '../domain/process-view.ts';
import { getProcessTimeline, sendProcessSignal } from '../domain/processes.ts';
import { platformEnvironment } from '../shared/platform-environment.ts';
import { findFaultProblem } from '../shared/faults.ts';
import type { ActionsOfProcess, InvokedAction, PartStatus, PlatformStatus } from '../shared/dev-contract.ts';
import { devOpenApiDocument, devOperationIds, type DevOperationId, devOperations } from '../shared/dev-operations.ts';
import type { PrincipalRow } from '../store/people.ts';
import { parseSkip } from '../time/time-skipper.ts';
import { listWebhookDeliveries, readWebhookDelivery, replayWebhookDelivery } from '../webhooks/delivery-records.ts';
import { readFailingWork, waitForProcess, waitForWorkers } from './dev-waits.ts';
import type { RestDeps } from './deps.ts';
import { formatContractErrors, invalidRequestError } from './operation-route.ts';
import { authenticate, getRequestState, parseBody } from './request.ts';

type Table = typeof devOperations;

type BodyOf<Id extends DevOperationId> = Table[Id] extends {
  readonly body: { readonly schema: infer Schema extends TSchema; readonly required: infer Required };
}
  ? Static<Schema> | (Required extends true ? never : undefined)
  : undefined;

interface DevCall<Id extends DevOperationId> {
  readonly path: { readonly [Name in keyof Table[Id]['parameters']]: string };
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: BodyOf<Id>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Aborted when the client closes the connection. */
  readonly closed: AbortSignal;
  readonly ctx: OperationContext;
}

type DevHandlers = { readonly [Id in DevOperationId]: (call: DevCall<Id>) => unknown };

/** Adds the routes of `devOperations`, which KuFlow does not have, for the console and for programs. Unknown fields and parameters are refused. */
export function registerDevRoutes(app: FastifyInstance, deps: RestDeps, validators: CompiledSchemas): void {
  const { domain, faults } = deps;

  const handlers: DevHandlers = {
    readStatus: ({ ctx }) => readPlatformStatus(deps, ctx.principal),
    readEnvironment: () => {
      const { application, tenantId } = deps.identity;
      return { variables: platformEnvironment({ ...deps.run, application, tenantId }) };
    },
    listPeople: () => listPeople(domain),
    streamEvents: ({ request, reply }) => {
      const lastEventId = request.headers['last-event-id'];
      // The framework does not log the request, which lasts as long as the console is open.
      reply.hijack();
      deps.streams.open(reply.raw, typeof lastEventId === 'string' ? lastEventId : undefined);
    },
    openConsole: ({ request, query }) => issueOpenCode(deps, request, query['path'] as string | undefined),
    redeemOpenCode: ({ path: { code } }) => {
      const token = deps.openCodes.redeem(code);
      if (token === undefined) throw new ApiError(404, 'This code has been used or has expired');
      return { token: token.reveal() };
    },
    listWorkers: () => deps.workers.status(),
    waitForWorkers: ({ body = {}, closed }) => waitForWorkers(deps, body, closed),
    listServedDefinitions: () => listServedDefinitions(domain.definitions),
    createExample: ({ ctx, path: { code }, body: { task, processId } = {} }) =>
      createExampleData(ctx, { code, task, processId: processId?.toLowerCase() }),
    compileValidators: ({ body: { schemas } }) => validators.add(schemas),
    readTimeline: ({ path: { id } }) => ({ entries: getProcessTimeline(domain, id) }),
    readProcessDefinition: ({ path: { id } }) => {
      const found = requireProcess(domain, id);
      const definition = findDefinitionOfProcess(domain.definitions, found);
      if (definition === undefined)
        throw new ApiError(404, `The local KuFlow no longer serves ${found.definition.code}`);
      return definition;
    },
    listFailingWork: async ({ path: { id } }) => ({
      failing: await readFailingWork(deps, requireProcess(domain, id).id),
    }),
    listProcessActions: ({ ctx, path: { id } }) => listActions(deps, ctx, id),
    sendSignal: ({ ctx, path: { id }, body }) => sendProcessSignal(ctx, id, body),
    waitForProcess: ({ path: { id }, body = {}, closed }) => waitForProcess(deps, id, body, closed),
    releaseTask: ({ ctx, path: { id } }) => releaseTask(ctx, id),
    readClock: () => deps.time.status(),
    skipTime: ({ body, closed }) => {
      const until = parseSkip(body, domain.clock.now());
      const { obstacle, skipping } = deps.time.status();
      if (obstacle !== undefined) throw conflict(`Time can't be skipped: ${obstacle}`);
      if (skipping !== undefined) throw conflict('Another skip of time is running');
      return deps.time.skip(until, closed);
    },
    listFaults: () => ({ faults: faults.list() }),
    addFault: ({ body }) => {
      const problem = findFaultProblem(body);
      if (problem !== undefined) throw badRequest(`The fault rule is not valid: ${problem}`, 'body');
      return faults.add({ times: 1, ...body });
    },
    removeFaults: () => faults.clear(),
    removeFault: ({ path: { id } }) => {
      if (!faults.remove(id)) throw notFound('fault', id);
    },
    listRequests: ({ query }) => ({ requests: deps.requests.list((query['limit'] as number | undefined) ?? Infinity) }),
    readRequest: ({ path: { id } }) => {
      const found = deps.requests.find(Number(id));
      if (found === undefined) throw new ApiError(404, `Request ${id} is not known: only the latest ones are kept`);
      return found;
    },
    listWebhookDeliveries: ({ query }) => ({
      deliveries: listWebhookDeliveries(domain, {
        processId: (query['processId'] as string | undefined)?.toLowerCase(),
        limit: (query['limit'] as number | undefined) ?? 100,
      }),
    }),
    readWebhookDelivery: ({ path: { id } }) => readWebhookDelivery(domain, id),
    replayWebhookDelivery: ({ path: { id } }) => {
      const delivery = replayWebhookDelivery(domain, id);
      deps.webhooks.retryNow(delivery.processId);
      return delivery;
    },
  };

  for (const id of devOperationIds) registerDevOperation(app, deps, id, handlers[id]);
  app.get('/_dev/openapi.json', (request) =>
    devOpenApiDocument(`${request.protocol}://${request.headers.host ?? '127.0.0.1'}`, packageVersion()),
  );
}

const PARTS: readonly PartStatus['part'][] = ['store', 'temporal', 'gateway', 'rest'];

async function readPlatformStatus(deps: RestDeps, principal: PrincipalRow): Promise<PlatformStatus> {
  const { identity, run } = deps;
  const { http, https, engine, temporalUi } = run.endpoints;
  const { parts } = await deps.health();
  return withoutUndefined({
    version: packageVersion(),
    startedAt: run.startedAt,
    folder: process.cwd(),
    stateDir: run.stateDir,
    tenantId: identity.tenantId,
    namespace: identity.namespace,
    parts: PARTS.map((part): PartStatus => ({ part, ...(parts[part] ?? { state: 'down' }) })),
    endpoints: { http, https, engine },
    temporalUi,
    clock: deps.time.status(),
    principal: { id: principal.id, name: principal.name },
  });
}

/** Writes a file that opens this path of the console with a code for the caller's token. */
async function issueOpenCode(deps: RestDeps, request: FastifyRequest, path: string | undefined) {
  const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new ApiError(403, 'Only a user can sign in to the console');
  const toAddress = (code: string): string => pageAddress(deps.run, { code }, path);
  try {
    toAddress('');
  } catch (error) {
    throw new ApiError(400, messageOf(error));
  }
  return { file: await deps.openCodes.issue(new Secret(token), toAddress) };
}

async function listActions({ workers }: RestDeps, ctx: OperationContext, id: string): Promise<ActionsOfProcess> {
  const process = requireProcess(ctx, id);
  const invoked = listInvokedActions(ctx, process);
  const queues = new Set(invoked.flatMap(({ row: { taskQueue } }) => taskQueue ?? []));
  const pollers = new Map(
    await Promise.all([...queues].map(async (queue) => [queue, await workers.pollers(queue)] as const)),
  );
  return {
    available: listAvailableActions(ctx, process),
    invoked: invoked.map(({ action, row: { taskQueue, workflowOutcome, workflowMessage } }): InvokedAction => {
      if (taskQueue === undefined) return { action };
      const workflow = { taskQueue, ended: workflowOutcome !== undefined, pollers: pollers.get(taskQueue) ?? [] };
      return withoutUndefined({ action, message: workflowMessage, workflow });
    }),
  };
}

function registerDevOperation(
  app: FastifyInstance,
  deps: RestDeps,
  id: DevOperationId,
  // The compiler does not connect the handler with the id.
  handle: (call: never) => unknown,
): void {
  const operation: Operation = devOperations[id];
  const [status = 200] = Object.keys(operation.responses).map(Number);
  const validate = lazy(() => compileRequestValidator(operation, 'closed'));
  const findViolations = lazy(() => compileAnswerValidator(operation, status, 'strict'));
  app.route({
    method: operation.method.toUpperCase(),
    url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    onRequest: async (request) => {
      if (operation.access === 'everybody') return;
      const { type } = await authenticate(deps, request);
      if (operation.access === 'users' && type !== 'USER')
        throw forbidden('Only users may call this: the answer contains or leads to credentials');
    },
    handler: async (request, reply) => {
      const path = request.params as Record<string, string>;
      if (operation.body === undefined && Buffer.isBuffer(request.body) && request.body.length > 0)
        throw badRequest(`${id} does not have a body`, 'body');
      // Whatever its type: curl does not send JSON as JSON by default.
      const body = parseBody(operation, operation.body?.media, request.headers['content-encoding'], request.body);
      const verdict = validate()({ path, query: request.query as Record<string, unknown>, body });
      if (!verdict.ok) throw invalidRequestError('The request is not valid', verdict.errors);
      const closed = new AbortController();
      reply.raw.once('close', () => closed.abort());
      const { principal } = getRequestState(request);
      const call: Omit<DevCall<DevOperationId>, 'path' | 'body'> & { readonly path: object; readonly body: unknown } = {
        path: path['id'] === undefined ? path : { ...path, id: path['id'].toLowerCase() },
        ...{ query: verdict.query, body, request, reply, closed: closed.signal },
        // Operations for everybody do not use it.
        ctx: { ...deps.domain, principal: principal ?? deps.domain.system },
      };
      const answer = await handle(call as never);
      if (reply.sent) return reply;
      const violations = findViolations()(answer);
      if (violations.length > 0)
        throw new Error(`the answer does not conform to /_dev/openapi.json: ${formatContractErrors(violations)}`);
      return reply.status(status).send(answer);
    },
  });
}

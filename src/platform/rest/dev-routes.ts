import type { FastifyInstance, FastifyRequest } from 'fastify';

import { isoTime } from '../../base/clock.ts';
import { isUuid } from '../../base/is-uuid.ts';
import { isRecord, withoutUndefined } from '../../base/json.ts';
import type { CompiledSchemas } from '../console/compiled-schemas.ts';
import type { FailingWorkList, FailingWorkStatus } from '../shared/contract.ts';
import { createExampleData, type ExampleRequest } from '../console/example-data.ts';
import { findDefinitionOfProcess, listServedDefinitions } from '../console/served-definitions.ts';
import { readWorkerVariables, readPlatformStatus } from './status.ts';
import { ApiError, badRequest, conflict, forbidden, notFound } from '../domain/api-error.ts';
import type { OperationContext } from '../domain/context.ts';
import { listPeople } from '../domain/people.ts';
import { releaseTask } from '../domain/process-items.ts';
import { requireProcess } from '../domain/process-view.ts';
import { getProcessTimeline } from '../domain/processes.ts';
import { parseFaultRule } from '../faults/rule.ts';
import { relativeToFolder, type FailingWork } from '../temporal/failing-work.ts';
import type { PrincipalRow } from '../store/people.ts';
import type { RestDeps } from './deps.ts';
import { authenticate } from './authenticate.ts';
import { getRequestState } from './request.ts';

/**
 * Routes that KuFlow does not have, for the console and for commands: see `shared/contract.ts`. They need the same credentials as the API; those that
 * answer with credentials need a user's.
 */
export function registerDevRoutes(app: FastifyInstance, deps: RestDeps, validators: CompiledSchemas): void {
  const { domain, faults } = deps;
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    await authenticate(deps, request);
  };
  const forUsers = async (request: FastifyRequest): Promise<void> => {
    const { type } = await authenticate(deps, request);
    if (type !== 'USER') throw forbidden('Only users may read this: it contains credentials');
  };

  app.get('/_dev/status', { onRequest }, (request) => readPlatformStatus(deps, principalOf(request)));
  app.get('/_dev/environment', { onRequest: forUsers }, () => readWorkerVariables(deps));
  app.get('/_dev/users', { onRequest: forUsers }, () => listPeople(domain));
  app.get('/_dev/workers', { onRequest }, () => deps.workers.status());
  app.get('/_dev/definitions', { onRequest }, () => listServedDefinitions(domain.definitions));

  app.post('/_dev/validators', { onRequest }, (request) => validators.add(parseJsonBody(request.body)));

  app.get('/_dev/events', { onRequest }, (request, reply) => {
    const lastEventId = request.headers['last-event-id'];
    // The framework does not log the request, which lasts as long as the console is open.
    reply.hijack();
    deps.streams.open(reply.raw, typeof lastEventId === 'string' ? lastEventId : undefined);
  });

  app.get<{ Querystring: { limit?: string } }>('/_dev/requests', { onRequest }, (request) => {
    const { limit } = request.query;
    if (limit !== undefined && !/^\d+$/.test(limit)) throw new ApiError(400, 'limit must be a number');
    return { requests: deps.requests.list(limit === undefined ? Infinity : Number(limit)) };
  });
  app.get<IdRoute>('/_dev/requests/:id', { onRequest }, (request) => {
    const { id } = request.params;
    const found = deps.requests.find(Number(id));
    if (found === undefined) throw new ApiError(404, `Request ${id} is not known: only the latest ones are kept`);
    return found;
  });

  app.get('/_dev/clock', { onRequest }, () => deps.time.status());
  app.post('/_dev/clock/skip', { onRequest }, async (request, reply) => {
    const until = parseSkip(parseJsonBody(request.body), domain.clock.now());
    const { obstacle, skipping } = deps.time.status();
    if (obstacle !== undefined) throw conflict(`Time can't be skipped: ${obstacle}`);
    if (skipping !== undefined) throw conflict('Another skip of time is running');
    const canceled = new AbortController();
    reply.raw.once('close', () => canceled.abort());
    return await deps.time.skip(until, canceled.signal);
  });

  app.get('/_dev/faults', { onRequest }, () => ({ faults: faults.list() }));
  app.post('/_dev/faults', { onRequest }, async (request, reply) => {
    const parsed = parseFaultRule(parseJsonBody(request.body));
    if (!parsed.ok) throw badRequest(`The fault rule is not valid: ${parsed.problem}`, 'body');
    return reply.status(201).send(faults.add(parsed.rule));
  });
  app.delete('/_dev/faults', { onRequest }, async (_request, reply) => {
    faults.clear();
    return reply.status(204).send();
  });
  app.delete<IdRoute>('/_dev/faults/:id', { onRequest }, async (request, reply) => {
    const { id } = request.params;
    if (!faults.remove(id)) throw notFound('fault', id);
    return reply.status(204).send();
  });

  app.get<IdRoute>('/_dev/processes/:id/timeline', { onRequest }, (request) => ({
    entries: getProcessTimeline(domain, idIn(request, 'process')),
  }));
  app.get<IdRoute>('/_dev/processes/:id/definition', { onRequest }, (request) => {
    const process = requireProcess(domain, idIn(request, 'process'));
    const found = findDefinitionOfProcess(domain.definitions, process);
    if (found === undefined) throw new ApiError(404, `The local KuFlow no longer serves ${process.definition.code}`);
    return found;
  });
  app.get<IdRoute>('/_dev/processes/:id/failing-work', { onRequest }, async (request) => {
    const { id } = requireProcess(domain, idIn(request, 'process'));
    const failing = await deps.listFailingWork(id);
    return { failing: failing.map((work) => toFailingWorkStatus(work, process.cwd())) } satisfies FailingWorkList;
  });
  app.post<{ Params: { code: string } }>('/_dev/definitions/:code/examples', { onRequest }, (request) => {
    const { code } = request.params;
    return createExampleData(contextOf(request), { code, ...parseExampleRequest(parseJsonBody(request.body)) });
  });
  app.post<IdRoute>('/_dev/process-items/:id/release', { onRequest }, (request) =>
    releaseTask(contextOf(request), idIn(request, 'process item')),
  );

  function contextOf(request: FastifyRequest): OperationContext {
    return { ...domain, principal: principalOf(request) };
  }
}

const LONGEST_SKIP_MS = 10 * 366 * 24 * 3600 * 1000;
const ZONED_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/i;

interface IdRoute {
  Params: { readonly id: string };
}

function idIn({ params: { id } }: { readonly params: IdRoute['Params'] }, what: string): string {
  if (!isUuid(id)) throw new ApiError(400, `The ${what} ID must be a UUID`);
  return id.toLowerCase();
}

function toFailingWorkStatus(work: FailingWork, folder: string): FailingWorkStatus {
  const { kind, name, failures, message, location } = relativeToFolder(work, folder);
  return withoutUndefined({ kind, name, failures, message, location });
}

/** `{ task?, processId? }`; an empty body is allowed. */
function parseExampleRequest(body: unknown): Pick<ExampleRequest, 'task' | 'processId'> {
  if (body === undefined) return {};
  const { task, processId } = isRecord(body) ? body : { task: null };
  if (task !== undefined && typeof task !== 'string') throw badRequest('task must be the code of a task', 'body.task');
  if (processId !== undefined && (typeof processId !== 'string' || !isUuid(processId)))
    throw badRequest('processId must be a UUID', 'body.processId');
  return { task, processId: processId?.toLowerCase() };
}

/** Milliseconds since the epoch; undefined to skip until a process changes. An empty body is allowed. */
function parseSkip(body: unknown, now: number): number | undefined {
  const { seconds, until } = isRecord(body) ? body : { seconds: body };
  if (seconds === undefined && until === undefined) return undefined;
  if (seconds !== undefined && until !== undefined) throw badRequest('seconds and until cannot be combined', 'body');
  const field = until === undefined ? 'body.seconds' : 'body.until';
  const wanted = until === undefined ? parseSeconds(seconds, now) : parseZonedTime(until);
  if (wanted === undefined)
    throw badRequest('Expected the number of seconds to skip, or until as an ISO 8601 time with a time zone', field);
  if (wanted < now) throw badRequest(`The clock only moves forward: it is ${isoTime(now)} for the local KuFlow`, field);
  if (wanted > now + LONGEST_SKIP_MS) throw badRequest('At most 10 years can be skipped at once', field);
  return wanted;
}

function parseSeconds(seconds: unknown, now: number): number | undefined {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? now + seconds * 1000 : undefined;
}

function parseZonedTime(text: unknown): number | undefined {
  const time = typeof text === 'string' && ZONED_TIME.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

function principalOf(request: FastifyRequest): PrincipalRow {
  const { principal } = getRequestState(request);
  if (principal === undefined) throw new Error(`${request.url} was called without authentication`);
  return principal;
}

function parseJsonBody(raw: unknown): unknown {
  try {
    return Buffer.isBuffer(raw) && raw.length > 0 ? (JSON.parse(raw.toString('utf8')) as unknown) : undefined;
  } catch {
    throw badRequest('The body is not JSON', 'body');
  }
}

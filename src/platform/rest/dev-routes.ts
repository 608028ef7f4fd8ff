import type { FastifyInstance, FastifyRequest } from 'fastify';

import { isUuid } from '../../base/is-uuid.ts';
import { ApiError, badRequest } from '../domain/api-error.ts';
import { getProcessTimeline } from '../domain/processes.ts';
import { listPeople } from '../domain/people.ts';
import { listWorkers } from '../domain/workers.ts';
import { parseFaultRule } from '../faults/rule.ts';
import type { RestDeps } from './deps.ts';
import { authenticate } from './authenticate.ts';
import { getRequestState } from './request.ts';

/**
 * Routes that KuFlow does not have, for fault injection, timelines and workers. They need the same credentials as the
 * API.
 */
export function registerDevRoutes(app: FastifyInstance, deps: RestDeps): void {
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    await authenticate(deps, request);
  };

  app.get('/_dev/faults', { onRequest }, () => ({ faults: deps.faults.list() }));
  app.post('/_dev/faults', { onRequest }, async (request, reply) => {
    const parsed = parseFaultRule(parseJsonBody(request.body));
    if (!parsed.ok) throw badRequest(`The fault rule is not valid: ${parsed.problem}`, 'body');
    return reply.status(201).send(deps.faults.add(parsed.rule));
  });
  app.delete('/_dev/faults', { onRequest }, async (_request, reply) => {
    deps.faults.clear();
    return reply.status(204).send();
  });

  app.get<{ Params: { id: string } }>('/_dev/processes/:id/timeline', { onRequest }, (request) => {
    if (!isUuid(request.params.id)) throw new ApiError(400, 'The process ID must be a UUID');
    return { entries: getProcessTimeline(deps.domain, request.params.id.toLowerCase()) };
  });
  app.get('/_dev/events', { onRequest }, (request, reply) => {
    const lastEventId = request.headers['last-event-id'];
    // The framework does not log the request, which lasts as long as the page is open.
    reply.hijack();
    deps.streams.open(reply.raw, typeof lastEventId === 'string' ? lastEventId : undefined);
  });
  app.get('/_dev/users', { onRequest }, (request) => {
    // The answer contains the tokens of all users, which a worker must not have.
    if (getRequestState(request).principal?.type !== 'USER') throw new ApiError(403, 'Only users may read the users');
    return listPeople(deps.domain);
  });
  app.get('/_dev/workers', { onRequest }, () => ({ workers: listWorkers(deps.domain) }));
}

function parseJsonBody(raw: unknown): unknown {
  try {
    return Buffer.isBuffer(raw) ? (JSON.parse(raw.toString('utf8')) as unknown) : undefined;
  } catch {
    throw badRequest('The body is not JSON', 'body');
  }
}

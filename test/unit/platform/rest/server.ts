import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';

import { createRestApp } from '../../../../src/platform/rest/app.ts';
import type { HealthReport, RestDeps, ServerTls } from '../../../../src/platform/rest/deps.ts';
import { createFaultRegistry, type FaultRegistry } from '../../../../src/platform/faults/registry.ts';
import { createWorld, type World, type WorldOptions } from '../domain/world.ts';

export interface Rest {
  readonly world: World;
  readonly app: FastifyInstance;
  readonly faults: FaultRegistry;
  /** `Bearer base64(id:secret)` of the application. */
  readonly asWorker: string;
  readonly asUser: string;
  health: HealthReport;
  /** A request below the version segment, by the worker unless headers say otherwise, without a socket. */
  readonly call: (
    method: string,
    path: string,
    more?: Omit<InjectOptions, 'method' | 'url'>,
  ) => Promise<LightMyRequestResponse>;
  readonly stop: () => Promise<void>;
}

export interface RestOptions extends WorldOptions {
  readonly handlers?: RestDeps['handlers'];
  readonly hostNames?: readonly string[];
  readonly tls?: ServerTls;
}

export const ENGINE_TOKEN = 'header.payload.signature';

export function createRest(options: RestOptions = {}): Rest {
  const world = createWorld(options);
  const faults = createFaultRegistry();
  const { id, secret } = world.identity.application;
  const rest: Rest = {
    world,
    faults,
    health: { ready: true, parts: { rest: { state: 'ready' } } },
    asWorker: `Bearer ${Buffer.from(`${id}:${secret.reveal()}`).toString('base64')}`,
    asUser: `Bearer ${world.identity.user.token.reveal()}`,
    app: createRestApp(
      {
        domain: world.domain,
        faults,
        readEngineToken: (token) => (token === ENGINE_TOKEN ? id : undefined),
        health: () => rest.health,
        ...(options.handlers === undefined ? {} : { handlers: options.handlers }),
        ...(options.hostNames === undefined ? {} : { hostNames: options.hostNames }),
      },
      options.tls,
    ),
    call: (method, path, more = {}) =>
      rest.app.inject({
        ...more,
        method: method as 'GET',
        url: `/v2024-06-14${path}`,
        headers: { host: '127.0.0.1:1', authorization: rest.asWorker, ...more.headers },
      }),
    stop: async () => {
      await rest.app.close();
      await world.destroy();
    },
  };
  return rest;
}

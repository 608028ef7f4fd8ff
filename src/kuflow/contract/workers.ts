import { Type, type Static } from '@sinclair/typebox';
import { Uuid, answer, audited, json, model } from './common.ts';
import { resource } from './operation.ts';

const name = Type.String({ minLength: 1, maxLength: 255 });

const registration = {
  identity: name,
  taskQueue: name,
  workflowTypes: Type.Optional(Type.Array(name)),
  activityTypes: Type.Optional(Type.Array(name)),
  hostname: name,
  ip: Type.String({ minLength: 7, maxLength: 40 }),
  installationId: Type.Optional(Uuid),
  robotIds: Type.Optional(Type.Array(Uuid)),
  tenantId: Type.Optional(Uuid),
} as const;

export const Worker = model('Worker', { ...audited, id: Type.Optional(Uuid), ...registration });
export type Worker = Static<typeof Worker>;

export const WorkerCreateParams = model('WorkerCreateParams', registration);
export type WorkerCreateParams = Static<typeof WorkerCreateParams>;

/** Answer header of `createWorker`: seconds until the next registration. It is not in the published document, but every SDK reads it. */
export const DELAY_WINDOW_HEADER = 'x-kf-delay-window';

export const workerOperations = resource('worker', {
  createWorker: {
    call: 'POST /workers',
    summary: 'Register a worker, or update the existing one with the given identity',
    body: json(WorkerCreateParams),
    responses: { 200: answer(Worker, 'Updated'), 201: answer(Worker, 'Created') },
  },
});

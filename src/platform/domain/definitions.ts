import { canonicalJson } from '../../base/json.ts';
import { KnownError } from '../../base/errors.ts';
import { uuid5 } from '../../base/uuid.ts';
import type { ProcessDefinition, TaskDefinition } from '../../process/definition.ts';
import type { DefinitionRef } from '../store/processes.ts';
import { acceptAnyValue, createValueCheck, type ReferencedResources, type ValueCheck } from './json-values.ts';

export interface ServedTask {
  readonly ref: DefinitionRef;
  readonly definition: TaskDefinition;
  readonly data: ValueCheck;
  readonly contextData: ValueCheck;
}

export interface ServedDefinition {
  readonly ref: DefinitionRef;
  readonly tenantId: string;
  readonly definition: ProcessDefinition;
  readonly metadata: ValueCheck;
  readonly entity: ValueCheck;
  readonly tasks: ReadonlyMap<string, ServedTask>;
}

/** The process definitions that this platform serves. */
export interface DefinitionCatalog {
  readonly all: readonly ServedDefinition[];
  byId(id: string): ServedDefinition | undefined;
  byCode(tenantId: string, code: string): ServedDefinition | undefined;
  /** Falls back to the code alone, for processes that were created when another version was served. */
  forProcess(ref: DefinitionRef): ServedDefinition | undefined;
}

/** Namespace of the UUIDs that are derived from codes and contents. */
const NAMESPACE = '6f1f1c9e-5a35-5d0c-9d52-6c1f5a0e7b11';

/** Code of the message definition that every process has. */
export const BUILT_IN_MESSAGE_CODE = '__KF_MESSAGE__';

/**
 * Prepares definitions for serving. Missing ids are derived from codes and missing versions from contents, so that they
 * are the same after a restart. Throws KnownError for a duplicate code and for an invalid schema.
 */
export function createDefinitionCatalog(
  definitions: readonly ProcessDefinition[],
  tenantId: string,
  resources: ReferencedResources,
): DefinitionCatalog {
  const all = definitions.map((definition) => serveDefinition(definition, tenantId, resources));
  const byId = new Map<string, ServedDefinition>();
  const byCode = new Map<string, ServedDefinition>();
  for (const served of all) {
    const key = `${served.tenantId} ${served.ref.code}`;
    if (byCode.has(key) || byId.has(served.ref.id)) {
      throw new KnownError({
        message: `Process definition ${served.ref.code} was passed twice`,
        next: ['Pass each process definition once'],
        status: 2,
      });
    }
    byCode.set(key, served);
    byId.set(served.ref.id, served);
  }
  return {
    all,
    byId: (id) => byId.get(id),
    byCode: (tenant, code) => byCode.get(`${tenant} ${code}`),
    forProcess: (ref) => byId.get(ref.id) ?? all.find((served) => served.ref.code === ref.code),
  };
}

function serveDefinition(
  definition: ProcessDefinition,
  defaultTenant: string,
  resources: ReferencedResources,
): ServedDefinition {
  const { code } = definition.process;
  const tenantId = definition.process.tenant?.toLowerCase() ?? defaultTenant;
  const id = definition.process.id?.toLowerCase() ?? uuid5(NAMESPACE, `process-definition ${code}`);
  const tasks = new Map(definition.tasks.map((task) => [task.code, serveTask(task, id, code, resources)]));
  return {
    ref: { id, version: definition.process.version?.toLowerCase() ?? uuid5(id, canonicalJson(definition)), code },
    tenantId,
    definition,
    metadata: createValueCheck(definition.metadata, `the metadata of ${code}`, resources),
    entity: createValueCheck(definition.entity, `the entity of ${code}`, resources),
    tasks,
  };
}

function serveTask(
  task: TaskDefinition,
  definitionId: string,
  processCode: string,
  resources: ReferencedResources,
): ServedTask {
  return {
    ref: {
      id: uuid5(definitionId, `task ${task.code}`),
      version: uuid5(definitionId, canonicalJson(task)),
      code: task.code,
    },
    definition: task,
    data: createValueCheck(task.data, `the data of task ${task.code} of ${processCode}`, resources),
    contextData: createValueCheck(
      task.contextData,
      `the context data of task ${task.code} of ${processCode}`,
      resources,
    ),
  };
}

/** The message definition that every process has. It accepts any data. */
export function builtInMessage(definitionId: string): ServedTask {
  const ref = {
    id: uuid5(definitionId, `message ${BUILT_IN_MESSAGE_CODE}`),
    version: uuid5(definitionId, BUILT_IN_MESSAGE_CODE),
    code: BUILT_IN_MESSAGE_CODE,
  };
  const definition: TaskDefinition = { code: BUILT_IN_MESSAGE_CODE, kind: 'message' };
  return { ref, definition, data: acceptAnyValue, contextData: acceptAnyValue };
}

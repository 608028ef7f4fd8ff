import { canonicalJson } from '../../base/json.ts';
import { KnownError } from '../../base/errors.ts';
import { uuid5 } from '../../base/uuid.ts';
import type { ActionDefinition, DataShape, ProcessDefinition, TaskDefinition } from '../../process/definition.ts';
import type { DefinitionProblem } from '../shared/dev-contract.ts';
import { findDefinitionVersion, keepDefinitionVersion, removeUnusedDefinitionVersions } from '../store/definitions.ts';
import type { Store } from '../store/store.ts';
import type { DefinitionRef } from '../store/processes.ts';
import type { Sql } from '../store/sql.ts';
import { acceptAnyValue, createValueCheck, type ValueCheck } from './json-values.ts';
import type { ReferencedResources } from '../../schema/kuflow-formats.ts';

export interface ServedTask {
  readonly ref: DefinitionRef;
  readonly definition: TaskDefinition;
  readonly data: ValueCheck;
  readonly contextData: ValueCheck;
}

export interface ServedAction {
  readonly definition: ActionDefinition;
  /** The check of the input of a signal. */
  readonly input: ValueCheck;
}

export interface ServedDefinition {
  readonly ref: DefinitionRef;
  readonly tenantId: string;
  readonly definition: ProcessDefinition;
  readonly metadata: ValueCheck;
  readonly entity: ValueCheck;
  readonly tasks: ReadonlyMap<string, ServedTask>;
  readonly actions: ReadonlyMap<string, ServedAction>;
}

/** Namespace of the UUIDs that are derived from codes and contents. */
const NAMESPACE = '6f1f1c9e-5a35-5d0c-9d52-6c1f5a0e7b11';

/** Code of the message definition that every process has. */
export const BUILT_IN_MESSAGE_CODE = '__KF_MESSAGE__';

/**
 * The process definitions that this platform serves. Missing ids are derived from codes and missing versions from contents, so that they are the same
 * after a restart. The store keeps each version that a process was started with. Throws KnownError for a duplicate code and for an invalid schema.
 */
export function createDefinitionCatalog(
  definitions: readonly ProcessDefinition[],
  store: Store,
  tenantId: string,
  resources: ReferencedResources,
) {
  const prepare = (definition: ProcessDefinition, ref: DefinitionRef): ServedDefinition =>
    prepareDefinition(definition, ref, definition.process.tenant?.toLowerCase() ?? tenantId, resources);
  const serve = (given: readonly ProcessDefinition[]): readonly ServedDefinition[] =>
    store.transaction(() => serveDefinitions(given, store.sql, prepare));
  let served = serve(definitions);
  let problems: readonly DefinitionProblem[] = [];
  /** Versions that are not served any more, by `versionKey`. Compiled on first use. */
  const earlier = new Map<string, ServedDefinition>();
  const findEarlier = (ref: DefinitionRef): ServedDefinition | undefined => {
    const known = earlier.get(versionKey(ref));
    if (known !== undefined) return known;
    const definition = findDefinitionVersion(store.sql, ref);
    if (definition === undefined) return undefined;
    const prepared = prepare(definition, ref);
    earlier.set(versionKey(ref), prepared);
    return prepared;
  };
  const byId = (id: string): ServedDefinition | undefined => served.find(({ ref }) => ref.id === id);
  /** What is served now under the id, or under the code, of a definition. */
  const current = (ref: DefinitionRef): ServedDefinition | undefined =>
    byId(ref.id) ?? served.find((one) => one.ref.code === ref.code);
  /** The version that the process was started with, or what is served now if the state does not have that version. */
  const forProcess = (ref: DefinitionRef): ServedDefinition | undefined => {
    const now = current(ref);
    return now?.ref.id === ref.id && now.ref.version === ref.version ? now : (findEarlier(ref) ?? now);
  };
  return {
    /** What new processes use. */
    get all() {
      return served;
    },
    /** The definition files that could not be loaded since they were last saved. */
    get problems() {
      return problems;
    },
    byId,
    byCode: (tenant: string, code: string) =>
      served.find(({ tenantId: owner, ref }) => owner === tenant && ref.code === code),
    current,
    forProcess,
    /**
     * The definition of a task in a process. A task that the version of the process does not have is taken from the version that is served now: the
     * code of a running workflow may change, and then it creates new tasks.
     */
    taskOf: (ref: DefinitionRef, code: string) => forProcess(ref)?.tasks.get(code) ?? current(ref)?.tasks.get(code),
    actionOf: (ref: DefinitionRef, code: string) =>
      forProcess(ref)?.actions.get(code) ?? current(ref)?.actions.get(code),
    /** The actions that `actionOf` finds. */
    actionsOf: (ref: DefinitionRef): readonly ActionDefinition[] =>
      [...new Map([...(current(ref)?.actions ?? []), ...(forProcess(ref)?.actions ?? [])]).values()].map(
        ({ definition }) => definition,
      ),
    /** Serves these definitions instead. Throws the errors of `createDefinitionCatalog` and then changes nothing. */
    replace: (next: readonly ProcessDefinition[], nextProblems: readonly DefinitionProblem[]): void => {
      served = serve(next);
      problems = nextProblems;
      earlier.clear();
    },
  };
}

export type DefinitionCatalog = ReturnType<typeof createDefinitionCatalog>;

function serveDefinitions(
  definitions: readonly ProcessDefinition[],
  sql: Sql,
  prepare: (definition: ProcessDefinition, ref: DefinitionRef) => ServedDefinition,
): readonly ServedDefinition[] {
  removeUnusedDefinitionVersions(sql);
  const all = definitions.map((definition) => prepare(definition, refOf(definition, sql)));
  const names = new Set<string>();
  for (const { ref, tenantId, definition } of all) {
    const name = `${tenantId} ${ref.code}`;
    if (names.has(name) || names.has(ref.id)) {
      throw new KnownError({
        message: `Process definition ${ref.code} was passed twice`,
        next: ['Pass each process definition once'],
        status: 2,
      });
    }
    names.add(name).add(ref.id);
    keepDefinitionVersion(sql, ref, definition);
  }
  return all;
}

function refOf(definition: ProcessDefinition, sql: Sql): DefinitionRef {
  const { code, id: givenId, version: givenVersion } = definition.process;
  const id = givenId?.toLowerCase() ?? uuid5(NAMESPACE, `process-definition ${code}`);
  const content = canonicalJson(definition);
  const version = givenVersion?.toLowerCase() ?? uuid5(id, content);
  // A file that was edited still has the version of what running processes were started with.
  const used = givenVersion === undefined ? undefined : findDefinitionVersion(sql, { id, version });
  return { id, code, version: used === undefined || canonicalJson(used) === content ? version : uuid5(id, content) };
}

const versionKey = ({ id, version }: DefinitionRef): string => `${id} ${version}`;

function prepareDefinition(
  definition: ProcessDefinition,
  ref: DefinitionRef,
  tenantId: string,
  resources: ReferencedResources,
): ServedDefinition {
  const { id, code } = ref;
  const check = (shape: DataShape | undefined, what: string): ValueCheck =>
    createValueCheck(shape, `${what} of ${code}`, resources);
  const serveTask = (task: TaskDefinition): ServedTask => ({
    ref: { id: uuid5(id, `task ${task.code}`), version: uuid5(id, canonicalJson(task)), code: task.code },
    definition: task,
    data: check(task.data, `the data of task ${task.code}`),
    contextData: check(task.contextData, `the context data of task ${task.code}`),
  });
  const serveAction = (action: ActionDefinition): ServedAction => ({
    definition: action,
    input: check('input' in action ? action.input : undefined, `the input of action ${action.code}`),
  });
  return {
    ref,
    tenantId,
    definition,
    metadata: check(definition.metadata, 'the metadata'),
    entity: check(definition.entity, 'the entity'),
    tasks: new Map(definition.tasks.map((task) => [task.code, serveTask(task)])),
    actions: new Map((definition.actions ?? []).map((action) => [action.code, serveAction(action)])),
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

import { canonicalJson, isRecord, type Json, type JsonObject } from '../../base/json.ts';
import { recordAt, textsOf } from '../../schema/normal-form.ts';
import type { ActionDefinition, DataShape, ProcessDefinition, TaskDefinition } from '../definition.ts';

/** What changed between two sets of process definitions, as sentences such as `LOAN: task REVIEW was added`. */
export function describeDefinitionChanges(
  before: readonly ProcessDefinition[],
  after: readonly ProcessDefinition[],
): readonly string[] {
  const find = (all: readonly ProcessDefinition[], code: string): ProcessDefinition | undefined =>
    all.find(({ process }) => process.code === code);
  return [
    ...after.flatMap((definition) => {
      const { code } = definition.process;
      const old = find(before, code);
      if (old === undefined) return [`${code}: the process was added`];
      return describeProcess(old, definition).map((change) => `${code}: ${change}`);
    }),
    ...before
      .filter(({ process }) => find(after, process.code) === undefined)
      .map(({ process }) => `${process.code}: the process was removed; it can no longer be started`),
  ];
}

function describeProcess(before: ProcessDefinition, after: ProcessDefinition): readonly string[] {
  if (isSame(before, after)) return [];
  const queues = [before.workflow?.taskQueue, after.workflow?.taskQueue] as const;
  const types = [before.workflow?.type, after.workflow?.type] as const;
  const codes = (definition: ProcessDefinition): readonly string[] => definition.tasks.map(({ code }) => code);
  const [oldCodes, newCodes] = [codes(before), codes(after)];
  const shared = newCodes.filter((code) => oldCodes.includes(code));
  const isReordered = shared.join('\0') !== oldCodes.filter((code) => newCodes.includes(code)).join('\0');
  return [
    ...(['id', 'version', 'name', 'tenant'] as const)
      .filter((key) => before.process[key] !== after.process[key])
      .map((key) => `the ${key} of the process changed`),
    ...describeConfidential(before.process.confidential === true, after.process.confidential === true),
    ...((before.workflow === undefined) === (after.workflow === undefined)
      ? []
      : [`the workflow was ${after.workflow === undefined ? 'removed' : 'added'}`]),
    ...(isSame(before.webhook, after.webhook) ? [] : ['the webhook of the process changed']),
    ...(queues[0] === queues[1] || queues.includes(undefined)
      ? []
      : [`the task queue changed from ${queues[0]} to ${queues[1]}: set it in the worker, and restart the worker`]),
    ...(types[0] === types[1] || types.includes(undefined)
      ? []
      : [`the workflow type changed from ${types[0]} to ${types[1]}: rename it in the worker, and restart the worker`]),
    ...describeShape(before.metadata, after.metadata, 'the metadata'),
    ...describeShape(before.entity, after.entity, 'the entity'),
    ...newCodes.filter((code) => !oldCodes.includes(code)).map((code) => `task ${code} was added`),
    ...oldCodes.filter((code) => !newCodes.includes(code)).map((code) => `task ${code} was removed`),
    ...(isReordered ? ['the order of the tasks changed'] : []),
    ...after.tasks.flatMap((task) => {
      const old = before.tasks.find(({ code }) => code === task.code);
      return old === undefined ? [] : describeTask(old, task);
    }),
    ...describeActions(before.actions ?? [], after.actions ?? []),
  ];
}

function describeActions(before: readonly ActionDefinition[], after: readonly ActionDefinition[]): readonly string[] {
  const find = (all: readonly ActionDefinition[], { code }: ActionDefinition): ActionDefinition | undefined =>
    all.find((action) => action.code === code);
  return [
    ...after.flatMap((action) => {
      const old = find(before, action);
      if (old === undefined) return [`action ${action.code} was added`];
      return isSame(old, action) ? [] : [`action ${action.code} changed`];
    }),
    ...before.filter((action) => find(after, action) === undefined).map(({ code }) => `action ${code} was removed`),
  ];
}

function describeConfidential(before: boolean, after: boolean): readonly string[] {
  if (before === after) return [];
  return [`new processes ${after ? 'are now confidential' : 'are no longer confidential'}`];
}

function describeTask(before: TaskDefinition, after: TaskDefinition): readonly string[] {
  const { data, contextData, ...rest } = after;
  const { data: oldData, contextData: oldContext, ...oldRest } = before;
  const task = `task ${after.code}`;
  const keys = [...new Set([...Object.keys(oldRest), ...Object.keys(rest)])] as (keyof typeof rest)[];
  return [
    ...keys
      .filter((key) => !isSame(oldRest[key], rest[key]))
      .map((key) =>
        key === 'kind' ? `${task} changed from kind ${oldRest.kind} to ${rest.kind}` : `the ${key} of ${task} changed`,
      ),
    ...describeShape(oldData, data, task),
    ...describeShape(oldContext, contextData, `the context data of ${task}`),
  ];
}

function describeShape(before: DataShape | undefined, after: DataShape | undefined, owner: string): readonly string[] {
  if (isSame(before, after)) return [];
  const [old, now] = [before?.schema ?? {}, after?.schema ?? {}];
  const [oldFields, fields] = [recordAt(old, 'properties'), recordAt(now, 'properties')];
  const [oldNames, names] = [Object.keys(oldFields), Object.keys(fields)];
  const added = names.filter((name) => !oldNames.includes(name));
  const removed = oldNames.filter((name) => !names.includes(name));
  const shared = names.filter((name) => oldNames.includes(name));
  const [oldRequired, required] = [textsOf(old['required']), textsOf(now['required'])];
  const changes = [
    ...describeFields(added, owner, 'added'),
    ...describeFields(removed, owner, 'removed'),
    ...shared.flatMap((name) => describeField(name, owner, oldFields[name], fields[name])),
    ...shared
      .filter((name) => oldRequired.includes(name) !== required.includes(name))
      .map((name) => `field ${name} of ${owner} is ${required.includes(name) ? 'required' : 'optional'} now`),
    ...(isSame(withoutFields(old), withoutFields(now)) ? [] : [`the schema of ${owner} changed`]),
    ...(isSame(before?.uiSchema, after?.uiSchema) ? [] : [`the form of ${owner} changed`]),
  ];
  if (changes.length > 0) return changes;
  return [
    `the schema of ${owner} ${before === undefined ? 'was added' : after === undefined ? 'was removed' : 'changed'}`,
  ];
}

function describeFields(names: readonly string[], owner: string, what: 'added' | 'removed'): readonly string[] {
  if (names.length === 0) return [];
  const several = names.length > 1;
  return [`${several ? 'fields' : 'field'} ${names.join(', ')} of ${owner} ${several ? 'were' : 'was'} ${what}`];
}

function describeField(name: string, owner: string, before: unknown, after: unknown): readonly string[] {
  if (isSame(before, after)) return [];
  const [old, now] = [describeType(before), describeType(after)];
  return [
    old === now || old === undefined || now === undefined
      ? `field ${name} of ${owner} changed`
      : `field ${name} of ${owner} changed from ${old} to ${now}`,
  ];
}

/** `string`, or `string (date)`; undefined if the schema does not name one type. */
function describeType(schema: unknown): string | undefined {
  if (!isRecord(schema)) return undefined;
  const { type, format } = schema;
  const name = Array.isArray(type) ? type.map(String).join(' or ') : type;
  if (typeof name !== 'string') return undefined;
  return typeof format === 'string' ? `${name} (${format})` : name;
}

/** The rest of a schema without its fields. */
function withoutFields(schema: JsonObject): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(schema).filter(([key]) => !['properties', 'required', 'type'].includes(key)),
  );
}

function isSame(one: unknown, other: unknown): boolean {
  return (one === undefined) === (other === undefined) && canonicalJson(one) === canonicalJson(other);
}

import { isDeepStrictEqual } from 'node:util';
import { isRecord, pointerStep, pointerSteps, type Json, type JsonObject } from '../base/json.ts';
import type { DataShape, ProcessDefinition, TaskDefinition, TaskKind } from '../process/definition.ts';
import { JSON_TYPES, type JsonType } from '../schema/normal-form.ts';
import { viewSchema, type SchemaView } from '../schema/view.ts';
import {
  describeFindings,
  type Comparison,
  type FieldCounts,
  type FoundDifference,
  type ShapeOwner,
  type TaskCounts,
} from './findings.ts';
import { MIN_SAMPLES, valuesOf } from './shape/data-keys.ts';
import { alternativesOf, schemaOfNode, type ObservedValues } from './shape/infer.ts';
import { isFieldName } from './shape/field-names.ts';
import { ShapeNode } from './shape/observe-values.ts';
import type { DiscoveredProcess, KindReason, ObservedShape, TaskEvidence } from './types.ts';

/** The fewest completed processes, or instances, of the newest version without a task or field that it may have lost. */
const MIN_COMPLETED = 5;
/** The largest probability that all of them lack it by chance. */
const MAX_CHANCE = 0.01;

/**
 * Compares a definition with a process that was discovered. What discovery cannot know is not reported as removed or changed: tasks that no
 * process reached, fields that were never filled in, workflow type, task queue, names, UI schemas, titles, formats and enums.
 */
export function compareProcess(definition: ProcessDefinition, discovered: DiscoveredProcess): Comparison {
  const { evidence, gaps } = discovered;
  const tasksKnown = evidence.tasks.length > 0;
  const [isRefused, isStopped] = [gaps.includes('items-refused'), gaps.includes('reading-stopped')];
  const found: readonly FoundDifference[] = [
    ...compareIdentity(definition, discovered),
    ...(tasksKnown ? compareTasks(definition, discovered) : []),
    ...compareShapes(definition, discovered),
  ];
  // What differs may be of an older version.
  const isUnproven = evidence.processes.seen === 0 && found.some(({ drift }) => drift);
  const differences = isUnproven ? found.map((one): FoundDifference => ({ ...one, drift: false })) : found;
  const { metadata, entity, data, contextData } = discovered.observed;
  const fieldsCompared = [metadata, entity, ...data.values(), ...contextData.values()].some(
    (shape) => shape !== undefined && shape.newest.root.seen > 0,
  );
  return {
    findings: describeFindings(differences),
    fieldsCompared,
    unknown: [
      isUnproven &&
        'Only process items are visible, so the differences may be of an older version. Give the application a role that can see processes',
      isRefused && 'KuFlow does not allow this application to list process items, so tasks could not be compared',
      !isRefused && !tasksKnown && 'No process item is visible, so tasks could not be compared',
      isStopped && 'Reading instances stopped early, so not all fields could be compared',
      !isStopped &&
        evidence.read === 0 &&
        evidence.unreadable > 0 &&
        'The chosen instances could not be read, so fields could not be compared',
    ].filter((reason) => reason !== false),
  };
}

function compareIdentity({ process }: ProcessDefinition, discovered: DiscoveredProcess): readonly FoundDifference[] {
  const { id, version } = discovered.definition.process;
  if (process.id !== undefined && id !== undefined && process.id.toLowerCase() !== id.toLowerCase())
    return [{ kind: 'definition-differs', from: process.id, to: id, drift: false }];
  if (process.version === undefined || version === undefined || process.version === version) return [];
  return [{ kind: 'version-changed', from: process.version, to: version, drift: false }];
}

function compareTasks(definition: ProcessDefinition, discovered: DiscoveredProcess): readonly FoundDifference[] {
  const { processes, orderAgreement } = discovered.evidence;
  const countsOf = (task: TaskEvidence | undefined): TaskCounts => ({
    items: task?.items ?? 0,
    processes: task?.processes ?? 0,
    inNewestVersion: task?.inNewestVersion ?? 0,
    completedNewest: processes.completedNewest,
    inCompletedOlder: task?.inCompletedOlder ?? 0,
    completedOlder: processes.completedOlder,
  });
  const seen = new Map(discovered.evidence.tasks.map((task) => [task.code, task]));
  const ofDefinition = definition.tasks.flatMap((task): readonly FoundDifference[] => {
    const found = seen.get(task.code);
    const evidence = countsOf(found);
    if (found === undefined) return [{ kind: 'task-not-seen', task: task.code, evidence, drift: false }];
    if (!found.onlyOlderVersions) return compareKind(task, found, evidence);
    const isRemoved = isRemovalLikely(evidence.inCompletedOlder, evidence.completedOlder, evidence.completedNewest);
    return [{ kind: isRemoved ? 'task-removed' : 'task-not-seen', task: task.code, evidence, drift: isRemoved }];
  });
  const codes = definition.tasks.map(({ code }) => code);
  const added = discovered.evidence.tasks
    .filter(({ code }) => !codes.includes(code))
    .map((task): FoundDifference => {
      const evidence = countsOf(task);
      return task.inNewestVersion > 0
        ? { kind: 'task-added', task: task.code, to: task.kind, evidence, drift: true }
        : { kind: 'task-in-older-versions', task: task.code, evidence, drift: false };
    });
  const order = discovered.evidence.tasks
    .filter(({ code, onlyOlderVersions }) => codes.includes(code) && !onlyOlderVersions)
    .map(({ code }) => code);
  return [
    ...added,
    ...ofDefinition,
    ...(isReordered(order, codes)
      ? [{ kind: 'tasks-reordered', order, evidence: { agreement: orderAgreement }, drift: false } as const]
      : []),
  ];
}

/** Whether `codes`, which contain all of `order`, have them in another order. */
export function isReordered(order: readonly string[], codes: readonly string[]): boolean {
  return !isDeepStrictEqual(
    order,
    codes.filter((code) => order.includes(code)),
  );
}

// An owner who is not known to be a person or an application proves nothing.
const CERTAIN_REASONS: readonly KindReason[] = ['item-type', 'owned-by-applications', 'owned-by-people'];

function compareKind(
  { code, kind }: TaskDefinition,
  found: TaskEvidence,
  evidence: TaskCounts,
): readonly FoundDifference[] {
  if (kind === found.kind || found.inNewestVersion === 0) return [];
  const isItemTypeCertain = found.kindReason === 'item-type' || !isTask(kind);
  const isCertain = isItemTypeCertain || (CERTAIN_REASONS.includes(found.kindReason) && !found.kindFromOlderVersions);
  const { kindReason: reason } = found;
  // Without an owner, a system task looks like a human one.
  if (!isCertain && reason === 'never-owned') return [];
  return [{ kind: 'task-retyped', task: code, from: kind, to: found.kind, reason, evidence, drift: isCertain }];
}

const isTask = (kind: TaskKind): boolean => kind === 'human' || kind === 'system';

/** Whether `had` of `older` instances had something that `without` newer ones are unlikely to lack by chance. */
function isRemovalLikely(had: number, older: number, without: number): boolean {
  if (had === 0 || older === 0 || without < MIN_COMPLETED) return false;
  return (1 - had / older) ** without <= MAX_CHANCE;
}

function compareShapes(definition: ProcessDefinition, { observed }: DiscoveredProcess): readonly FoundDifference[] {
  const compared = (owner: ShapeOwner, shape: DataShape | undefined, seen: ObservedShape | undefined) =>
    seen === undefined ? [] : compareShape(owner, shape, seen);
  return [
    ...compared({ part: 'metadata' }, definition.metadata, observed.metadata),
    ...compared({ part: 'entity' }, definition.entity, observed.entity),
    ...definition.tasks.flatMap(({ code, data, contextData }) => [
      ...compared({ part: 'data', task: code }, data, observed.data.get(code)),
      ...compared({ part: 'contextData', task: code }, contextData, observed.contextData.get(code)),
    ]),
  ];
}

/** One place in the data of a shape: what the definition says about it, and what was seen there. */
interface Place {
  readonly pointer: string;
  /** Undefined if the definition does not describe the shape. */
  readonly view: SchemaView | undefined;
  readonly newest: ShapeNode;
  readonly completed: ShapeNode;
  readonly older: ShapeNode;
  /** The schema that is inferred from `newest`, which only has keys that may be written. */
  readonly inferred: Json | undefined;
}

function compareShape(
  owner: ShapeOwner,
  shape: DataShape | undefined,
  seen: ObservedShape,
): readonly FoundDifference[] {
  const { newest, newestCompleted, olderCompleted } = seen;
  const isComplete = (values: ObservedValues): boolean => !values.truncated;
  const countsOf = (at: Omit<Place, 'view' | 'inferred' | 'pointer'>): FieldCounts => ({
    seen: at.newest.samples.size,
    instances: newest.root.samples.size,
    seenCompleted: at.completed.samples.size,
    completed: newestCompleted.root.samples.size,
    seenOlder: at.older.samples.size,
    older: olderCompleted.root.samples.size,
  });
  const isCountable = [newest, newestCompleted, olderCompleted].every(isComplete);

  const walk = (place: Place): readonly FoundDifference[] => {
    const { view, pointer } = place;
    const rejected =
      view === undefined ? [] : typesOf(place.newest.samplesByType).filter((type) => !view.types.has(type));
    const inside = [...walkFields(place), ...walkItems(place)];
    if (view === undefined || rejected.length === 0) return inside;
    return [
      {
        ...{ kind: 'field-retyped', owner, pointer, drift: true },
        from: typesOf(view.types),
        to: typesOf(place.newest.samplesByType),
        evidence: {
          ...countsOf(place),
          rejected: rejected.map((type) => ({ type, instances: instancesOf(place.newest, type, view) })),
        },
      },
      ...inside,
    ];
  };

  const walkFields = (place: Place): readonly FoundDifference[] => {
    const { view, pointer, newest: node } = place;
    if (node.objects + place.completed.objects + place.older.objects === 0) return [];
    const at = (name: string): Omit<Place, 'view'> => ({
      pointer: pointer + pointerStep(name),
      newest: childOf(place.newest, name),
      completed: childOf(place.completed, name),
      older: childOf(place.older, name),
      inferred: propertiesOf(place.inferred)[name],
    });
    const values = view?.values;
    if (values !== undefined) {
      // The keys of a map are data, so all of its values are one place.
      return walk({
        pointer: pointer + pointerStep('*'),
        view: values,
        ...{ newest: valuesOf(place.newest), completed: valuesOf(place.completed), older: valuesOf(place.older) },
        inferred: alternativeOf(place.inferred, 'object')?.['additionalProperties'],
      });
    }
    const written = Object.keys(propertiesOf(place.inferred));
    const isFreeForm = view !== undefined && !view.namesFields;
    const added = written.flatMap((name): readonly FoundDifference[] => {
      if (isFreeForm || view?.field(name) !== undefined) return [];
      const child = at(name);
      const types = typesOf(child.newest.samplesByType);
      return [{ kind: 'field-added', owner, pointer: child.pointer, types, evidence: countsOf(child), drift: true }];
    });
    const named = [...(view?.fields ?? [])].flatMap((name): readonly FoundDifference[] => {
      const child = { ...at(name), view: view?.field(name) };
      const absence = isCountable ? compareAbsence(place, child, view?.required.has(name) === true) : undefined;
      if (absence === undefined) return walk(child);
      const [found, counts] = [{ owner, pointer: child.pointer, drift: true }, countsOf(child)];
      if (absence === 'field-removed') return [{ kind: absence, ...found, evidence: counts }];
      const evidence = { ...counts, objects: place.completed.objects, lacking: lackOf(place, child) };
      return [{ kind: absence, ...found, evidence }, ...walk(child)];
    });
    return [...added, ...named];
  };

  const walkItems = (place: Place): readonly FoundDifference[] => {
    const items = place.view?.items;
    if (items === undefined || place.newest.items === undefined) return [];
    return walk({
      pointer: place.pointer + pointerStep('*'),
      view: items,
      newest: place.newest.items,
      completed: place.completed.items ?? new ShapeNode(),
      older: place.older.items ?? new ShapeNode(),
      inferred: alternativeOf(place.inferred, 'array')?.['items'],
    });
  };

  return walk({
    pointer: '',
    view: shape === undefined ? undefined : viewSchema(shape.schema),
    ...{ newest: newest.root, completed: newestCompleted.root, older: olderCompleted.root },
    inferred: schemaOfNode(newest.root, seen.all.root),
  });
}

/** What it means that instances lack a field: that it was removed, or that it is optional now. Undefined if they prove neither. */
function compareAbsence(
  parent: Place,
  child: Pick<Place, 'pointer' | 'newest' | 'completed' | 'older'>,
  isRequired: boolean,
): 'field-removed' | 'field-optional' | undefined {
  const name = pointerSteps(child.pointer).at(-1) ?? '';
  // Of other keys, and of too many, only the number is known.
  if (!isFieldName(name) || parent.completed.crowded || parent.newest.crowded || parent.older.crowded) return undefined;
  const [completed, older] = [parent.completed.filledSamples.size, parent.older.filledSamples.size];
  if (child.newest.seen === 0 && isRemovalLikely(child.older.samples.size, older, completed)) return 'field-removed';
  return isRequired && lackOf(parent, child) > 0 && parent.completed.samples.size >= MIN_SAMPLES
    ? 'field-optional'
    : undefined;
}

/** The number of objects of completed instances that do not have a field. */
function lackOf(parent: Pick<Place, 'completed'>, child: Pick<Place, 'completed'>): number {
  return parent.completed.objects - child.completed.seen;
}

/** The types that were seen or are allowed. Integers are numbers too. */
function typesOf(types: { readonly has: (type: JsonType) => boolean }): readonly JsonType[] {
  return JSON_TYPES.filter((type) => types.has(type) && !(type === 'integer' && types.has('number')));
}

/** The samples with a value of this type, which the view does not allow. */
function instancesOf(node: ShapeNode, type: JsonType, view: SchemaView): number {
  const counted = type === 'number' && !view.types.has('integer') ? 'numeric' : type;
  return node.samplesByType.get(counted)?.size ?? 0;
}

const childOf = (node: ShapeNode, name: string): ShapeNode => node.keys.get(name) ?? new ShapeNode();

const alternativeOf = (schema: Json | undefined, type: 'object' | 'array'): JsonObject | undefined =>
  alternativesOf(schema).find((one) => one['type'] === type);

function propertiesOf(schema: Json | undefined): Readonly<Record<string, Json>> {
  const properties = alternativeOf(schema, 'object')?.['properties'];
  return isRecord(properties) ? properties : {};
}

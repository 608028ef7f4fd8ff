import { isRecord, pointerSteps, withoutUndefined, type Json, type JsonObject } from '../base/json.ts';
import type { DataShape, WorkerDefinition, TaskDefinition } from '../process/definition.ts';
import { typeOfValue, type JsonType } from '../schema/normal-form.ts';
import { viewSchema, type SchemaView } from '../schema/view.ts';
import type { ProcessFinding, ShapeOwner } from './findings.ts';
import { alternativesOf, schemaOfNode } from './shape/infer.ts';
import type { DiscoveredProcess, ObservedShape } from './types.ts';

export interface AppliedFindings {
  readonly definition: WorkerDefinition;
  /** Drift to change by hand: the schema uses references or choices there, the change is unclear, or the project cannot follow. */
  readonly left: readonly ProcessFinding[];
}

/**
 * The definition with its drift corrected. Task names, UI schemas and everything else that discovery cannot know stay. Without `discovered`,
 * new tasks have no data, and findings about fields are not possible. `order`: all codes of the source, for the places of new tasks.
 * `isPossible`: whether the project can follow a finding.
 */
export function applyFindings(
  definition: WorkerDefinition,
  findings: readonly ProcessFinding[],
  {
    discovered,
    order = [],
    isPossible = () => true,
  }: {
    readonly discovered?: DiscoveredProcess | undefined;
    readonly order?: readonly string[] | undefined;
    readonly isPossible?: ((finding: ProcessFinding) => boolean) | undefined;
  } = {},
): AppliedFindings {
  const left: ProcessFinding[] = [];
  const codes = discovered?.definition.tasks.map(({ code }) => code) ?? order;
  const drift = findings.filter((finding) => finding.drift);
  let result = drift.reduce((before, finding) => {
    const after = isPossible(finding) ? applyFinding(before, finding, discovered, codes) : undefined;
    if (after === undefined) left.push(finding);
    return after ?? before;
  }, definition);
  const version = findings.find(({ kind }) => kind === 'version-changed');
  if (version?.kind === 'version-changed' && drift.length > left.length)
    result = { ...result, process: { ...result.process, version: version.to } };
  return { definition: result, left };
}

/** Undefined if the finding cannot be applied. */
function applyFinding(
  definition: WorkerDefinition,
  finding: ProcessFinding,
  discovered: DiscoveredProcess | undefined,
  order: readonly string[],
): WorkerDefinition | undefined {
  const { tasks } = definition;
  switch (finding.kind) {
    case 'task-added':
      return { ...definition, tasks: insertTask(tasks, newTask(finding, discovered), order) };
    case 'task-removed':
      if (isUsedByAction(definition, finding.task)) return undefined;
      return { ...definition, tasks: tasks.filter(({ code }) => code !== finding.task) };
    case 'task-retyped':
      if (isUsedByAction(definition, finding.task)) return undefined;
      return {
        ...definition,
        tasks: tasks.map((task) => (task.code === finding.task ? retype(task, finding.to) : task)),
      };
    case 'workflow-changed':
      return { ...definition, workflow: { ...definition.workflow, [finding.key]: finding.to } };
    case 'field-added':
    case 'field-removed':
    case 'field-retyped':
    case 'field-optional': {
      const shape = shapeAt(definition, finding.owner);
      const observed = observedAt(discovered, finding.owner);
      const schema = editSchema(shape?.schema ?? { type: 'object' }, finding, observed);
      return schema === undefined ? undefined : withShape(definition, finding.owner, { ...shape, schema });
    }
    default:
      return definition;
  }
}

/** The definition would refer to a task that does not exist or cannot be created. */
function isUsedByAction({ actions = [] }: WorkerDefinition, task: string): boolean {
  return actions.some(
    (action) =>
      ('task' in action && action.task === task) ||
      ('message' in action && action.message === task) ||
      ('thread' in action && action.thread === task),
  );
}

function newTask(
  { task: code, to: kind, name }: Extract<ProcessFinding, { kind: 'task-added' }>,
  discovered: DiscoveredProcess | undefined,
): TaskDefinition {
  const shape = (part: 'data' | 'contextData'): DataShape | undefined => {
    const observed = discovered?.observed[part].get(code);
    return observed === undefined || observed.newest.root.seen === 0
      ? undefined
      : { schema: schemaOfNode(observed.newest.root, observed.all.root) };
  };
  return withoutUndefined({ code, kind, name, data: shape('data'), contextData: shape('contextData') });
}

/** After the nearest task that comes before it in `order`, or at the end. */
function insertTask(
  tasks: readonly TaskDefinition[],
  task: TaskDefinition,
  order: readonly string[],
): readonly TaskDefinition[] {
  const before = order.slice(0, Math.max(0, order.indexOf(task.code))).toReversed();
  const predecessor = before.find((code) => tasks.some((one) => one.code === code));
  const isFirst = predecessor === undefined && order.some((code) => tasks.some((one) => one.code === code));
  const at =
    predecessor === undefined ? (isFirst ? 0 : tasks.length) : tasks.findIndex(({ code }) => code === predecessor) + 1;
  return tasks.toSpliced(at, 0, task);
}

/** Only human tasks have candidates. */
function retype({ candidates, ...task }: TaskDefinition, kind: TaskDefinition['kind']): TaskDefinition {
  return { ...task, kind, ...(kind === 'human' && candidates !== undefined ? { candidates } : {}) };
}

function shapeAt(definition: WorkerDefinition, owner: ShapeOwner): DataShape | undefined {
  if (!('task' in owner)) return definition[owner.part];
  return definition.tasks.find(({ code }) => code === owner.task)?.[owner.part];
}

function withShape(definition: WorkerDefinition, owner: ShapeOwner, shape: DataShape): WorkerDefinition {
  if (!('task' in owner)) return { ...definition, [owner.part]: shape };
  const { task: code, part } = owner;
  return {
    ...definition,
    tasks: definition.tasks.map((task) => (task.code === code ? { ...task, [part]: shape } : task)),
  };
}

function observedAt(discovered: DiscoveredProcess | undefined, owner: ShapeOwner): ObservedShape | undefined {
  if (discovered === undefined) return undefined;
  const { observed } = discovered;
  return 'task' in owner ? observed[owner.part].get(owner.task) : observed[owner.part];
}

type FieldFinding = Extract<ProcessFinding, { readonly owner: ShapeOwner }>;

/** Undefined if the schema is not written plainly at this place, what was seen there is not known, or it is unclear how to change the schema. */
function editSchema(
  schema: JsonObject,
  finding: FieldFinding,
  observed: ObservedShape | undefined,
): JsonObject | undefined {
  const steps = pointerSteps(finding.pointer);
  const name = steps.at(-1);
  const inferred = observed === undefined ? undefined : schemaOfNode(observed.newest.root, observed.all.root);
  if (finding.kind === 'field-retyped') {
    const rejected = finding.evidence.rejected.map(({ type }) => type);
    const edited = editAt(schema, steps, (field) => retypeSchema(field, finding, rejected, schemaAt(inferred, steps)));
    return edited !== undefined && allowsTypes(edited, steps, rejected) ? edited : undefined;
  }
  if (name === undefined) return undefined;
  return editAt(schema, steps.slice(0, -1), (parent) => {
    const properties = isRecord(parent['properties']) ? parent['properties'] : {};
    const required = Array.isArray(parent['required']) ? (parent['required'] as readonly Json[]) : [];
    const others = required.filter((one) => one !== name);
    if (finding.kind === 'field-optional') return withRequired(parent, others);
    if (finding.kind === 'field-removed') {
      if (!Object.hasOwn(properties, name)) return undefined;
      const rest = Object.fromEntries(Object.entries(properties).filter(([key]) => key !== name));
      return withRequired({ ...parent, properties: rest }, others);
    }
    const seenParent = schemaAt(inferred, steps.slice(0, -1));
    const seen = schemaAt(inferred, steps);
    if (seen === undefined || Object.hasOwn(properties, name)) return undefined;
    const isAlways = Array.isArray(seenParent?.['required']) && seenParent['required'].includes(name);
    return withRequired(
      { ...parent, properties: { ...properties, [name]: seen } },
      isAlways ? [...required, name] : required,
    );
  });
}

function withRequired(schema: JsonObject, required: readonly Json[]): JsonObject {
  const { required: before, ...rest } = schema;
  if (before !== undefined && (!Array.isArray(before) || before.length === required.length)) return schema;
  return required.length === 0 ? rest : { ...schema, required };
}

/** Whether no other part of the schema, such as a pattern of names, rejects these types at `steps`. */
function allowsTypes(schema: JsonObject, steps: readonly string[], types: readonly JsonType[]): boolean {
  const view = steps.reduce<SchemaView | undefined>((at, step) => {
    if (step !== '*' || at?.fields.has(step) === true) return at?.field(step);
    return at?.items ?? at?.values;
  }, viewSchema(schema));
  return view === undefined || types.every((type) => view.types.has(type));
}

const COMPOSED = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'not', '$dynamicRef', '$recursiveRef'];

/** Changes the part of a schema that describes the values at `steps`. Undefined if a part on the way combines other schemas. */
function editAt(
  schema: JsonObject,
  [step, ...rest]: readonly string[],
  edit: (schema: JsonObject) => JsonObject | undefined,
): JsonObject | undefined {
  if (COMPOSED.some((keyword) => keyword in schema)) return undefined;
  if (step === undefined) return edit(schema);
  const inside = (part: unknown): JsonObject | undefined =>
    isRecord(part) ? editAt(part as JsonObject, rest, edit) : undefined;
  const { properties, items, additionalProperties } = schema;
  if (isRecord(properties) && Object.hasOwn(properties, step)) {
    const changed = inside(properties[step]);
    return changed && { ...schema, properties: { ...properties, [step]: changed } };
  }
  // The same pointer leads to items and to values of a map.
  if (step !== '*' || (isRecord(items) && isRecord(additionalProperties))) return undefined;
  const key = isRecord(items) ? 'items' : 'additionalProperties';
  const changed = inside(key === 'items' ? items : additionalProperties);
  return changed && { ...schema, [key]: changed };
}

function schemaAt(schema: Json | undefined, [step, ...rest]: readonly string[]): JsonObject | undefined {
  if (step === undefined) return isRecord(schema) ? schema : undefined;
  for (const { properties, items, additionalProperties } of alternativesOf(schema)) {
    const next =
      isRecord(properties) && Object.hasOwn(properties, step)
        ? properties[step]
        : step === '*'
          ? (items ?? additionalProperties)
          : undefined;
    const found = schemaAt(next, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

const NUMBER_KEYWORDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
/** Keywords that only apply to values of one type. */
const KEYWORDS: Readonly<Record<JsonType, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern', 'contentEncoding', 'contentMediaType', 'contentSchema'],
  number: NUMBER_KEYWORDS,
  integer: NUMBER_KEYWORDS,
  boolean: [],
  null: [],
  array: [
    ...['items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'contains', 'minContains', 'maxContains'],
    ...['minItems', 'maxItems', 'uniqueItems'],
  ],
  object: [
    ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames', 'minProperties'],
    ...['maxProperties', 'dependencies', 'dependentRequired', 'dependentSchemas', 'unevaluatedProperties'],
  ],
};

const isNumeric = (type: JsonType): boolean => type === 'number' || type === 'integer';

/**
 * The schema, which does not combine others, with the types that it does not allow although they were seen. If other values of its types were seen,
 * it is widened and keeps all other keywords. Otherwise the types are replaced, and it keeps the keywords that do not depend on the type.
 * `inferred`: the schema of what was seen, if known. Undefined if it is unclear how to change it.
 */
function retypeSchema(
  schema: JsonObject,
  { from, to }: Pick<Extract<FieldFinding, { readonly kind: 'field-retyped' }>, 'from' | 'to'>,
  rejected: readonly JsonType[],
  inferred: JsonObject = {},
): JsonObject | undefined {
  const isInteger = alternativesOf(inferred).some(({ type }) => asList(type ?? []).includes('integer'));
  const added = rejected.map((type) => (type === 'integer' && !isInteger ? 'number' : type));
  const isAllowed = (type: JsonType): boolean =>
    from.includes(type) || (isNumeric(type) && from.some((one) => isNumeric(one)));
  // Keywords of a type that was not allowed had no effect, so nothing shows that values satisfy them.
  if (added.some((type) => !isAllowed(type) && KEYWORDS[type].some((key) => key in schema))) return undefined;
  const values = to.filter((type) => type !== 'null');
  const changed =
    values.length === 0 || values.some(isAllowed)
      ? widen(schema, added)
      : replace(schema, from.includes('null') ? [...added.filter((type) => type !== 'null'), 'null'] : added);
  if (changed === undefined) return undefined;
  const result = { ...changed, ...keywordsOfTypes(inferred, added), ...changed };
  return added.includes('null') && schema['nullable'] === false ? { ...result, nullable: true } : result;
}

function widen(schema: JsonObject, added: readonly JsonType[]): JsonObject | undefined {
  const { type, enum: values, multipleOf, format } = schema;
  const isNullOnly = added.every((one) => one === 'null');
  // The values themselves are not known.
  if ('const' in schema || ('enum' in schema && !isNullOnly)) return undefined;
  const before = type === undefined ? [] : asList(type);
  const isFraction = added.includes('number');
  const types = [...new Set([...before.filter((one) => one !== 'integer' || !isFraction), ...added])];
  const isContradicted = (key: string): boolean =>
    isFraction &&
    before.includes('integer') &&
    ((key === 'multipleOf' && Number.isInteger(multipleOf)) ||
      (key === 'format' && typeof format === 'string' && /^u?int/.test(format)));
  return {
    ...without(schema, isContradicted),
    ...(type === undefined ? {} : { type: oneOrMore(types) }),
    ...(Array.isArray(values) && !values.includes(null) ? { enum: [...(values as readonly Json[]), null] } : {}),
  };
}

function replace(schema: JsonObject, types: readonly JsonType[]): JsonObject {
  const dependent = ['const', 'enum', 'format', ...Object.values(KEYWORDS).flat()];
  const fits = (value: Json): boolean => {
    const type = typeOfValue(value);
    return types.includes(type) || (type === 'integer' && types.includes('number'));
  };
  const isDropped = (key: string): boolean => {
    const value = schema[key];
    if (key === 'examples') return !asList(value ?? []).every(fits);
    if (key === 'default' || key === 'example') return !fits(value ?? null);
    return dependent.includes(key);
  };
  const kept = without(schema, isDropped);
  return 'type' in kept ? { ...kept, type: oneOrMore(types) } : { type: oneOrMore(types), ...kept };
}

/** What an inferred schema says about values of these types, except for the types. */
function keywordsOfTypes(inferred: JsonObject, types: readonly JsonType[]): JsonObject {
  const described = types.filter((type) => type !== 'null');
  return Object.fromEntries(
    alternativesOf(inferred)
      .filter(({ type }) => described.some((one) => asList(type ?? []).includes(one)))
      .flatMap((choice) => Object.entries(choice))
      // Texts and other simple values share one choice.
      .filter(([key]) => key !== 'type' && (key !== 'format' || types.includes('string'))),
  );
}

const asList = (value: Json): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [value]);

const oneOrMore = (types: readonly Json[]): Json => (types.length === 1 && types[0] !== undefined ? types[0] : types);

const without = (schema: JsonObject, isDropped: (key: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => !isDropped(key)));

import {
  type ControlElement,
  type CoreActions,
  type JsonFormsCore,
  type JsonFormsRendererRegistryEntry,
  type Middleware,
  type UISchemaElement,
  rankWith,
  UPDATE_CORE,
} from '@jsonforms/core';
import { JsonForms, JsonFormsDispatch, useJsonForms } from '@jsonforms/react';
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isRecord, type JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { DateField } from './dates.tsx';
import { useField, type ControlProps, type Field } from './field.tsx';
import { AcceptField, BooleanField, ChoiceField, ChoicesField, NumberField, TextField } from './inputs.tsx';
import { JsonEditor } from './json-editor.tsx';
import { Categories, isUiSchema, LabelText, Layout, type LayoutProps } from './layouts.tsx';
import { ArrayField, ObjectField, ObjectFields, OtherFields, VariantsField } from './object-and-list-fields.tsx';
import { problemsOf } from './problems.ts';
import { FileField, GroupField, PrincipalField } from './reference-inputs.tsx';
import {
  controlKind,
  describedNames,
  fitsControl,
  placeOfScope,
  requiredNames,
  withRequiredParts,
  type ControlKind,
} from '../../schema/form.ts';
import { HostContext, useAfterClick, useHost, type FormMemory, type FormProblem, type FormProps } from './state.ts';
import type { Schema } from '../../schema/json-schema-ref.ts';
import {
  FormValidator,
  hasValidators,
  wholeSchemas,
  type SchemaError,
  addValidators,
  type ValidatorModule,
} from '../../schema/console-validator.ts';
import type { CompiledValidators } from '../../platform/shared/dev-contract.ts';
import { callApi } from '../api.ts';

/** The element around the UI schema; without one, the fields of the schema in their order. */
type WholeForm = UISchemaElement & { readonly content?: UISchemaElement };

const isType =
  (...types: readonly string[]) =>
  (element: UISchemaElement): boolean =>
    types.includes(element.type);

const renderers = [
  { tester: rankWith(1, () => true), renderer: Layout },
  { tester: rankWith(2, (element) => 'scope' in element), renderer: Control },
  { tester: rankWith(3, isType('Categorization')), renderer: Categories },
  { tester: rankWith(3, isType('Label')), renderer: LabelText },
  { tester: rankWith(4, isType('Form')), renderer: FormContent },
] as readonly unknown[] as JsonFormsRendererRegistryEntry[];

const validator = new FormValidator();

/**
 * A form for data of this shape. It owns its data: of its properties, only `onChange` gets it back. So nothing that was typed is lost, whatever
 * is drawn again around the form, and when its schema, its state or its services change.
 */
export function DataForm(props: FormProps) {
  const loaded = useLoadedShape(useStableShape(props.shape));
  if (loaded instanceof Error) {
    return (
      <p class="field-problem" role="alert">
        Could not load the form: {loaded.message}
      </p>
    );
  }
  return loaded === undefined ? <p class="muted">Loading the form…</p> : <LoadedForm {...props} shape={loaded} />;
}

/** The latest of the shapes whose validators were loaded: what was typed stays when the shape changes. */
function useLoadedShape(shape: DataShape): DataShape | Error | undefined {
  const [loaded, setLoaded] = useState<DataShape | Error | undefined>(() =>
    hasValidators(wholeSchemas(shape)) ? shape : undefined,
  );
  useEffect(() => {
    let isLatest = true;
    loadValidators(shape).then(
      () => isLatest && setLoaded(shape),
      (error: unknown) => isLatest && setLoaded(error instanceof Error ? error : new Error(String(error))),
    );
    return () => {
      isLatest = false;
    };
  }, [shape]);
  return loaded;
}

function LoadedForm(props: FormProps) {
  const { shape } = props;
  const schema = shape.schema as Schema;
  const latestProps = useRef(props);
  latestProps.current = props;
  const [initialData] = useState(() =>
    props.readOnly === true ? props.initialData : filled(props.initialData, schema),
  );
  const [memory] = useState<FormMemory>(() => ({ drafts: new Map(), chosen: new Map(), setAside: new Map() }));
  const [memoryVersion, setMemoryVersion] = useState(0);
  const latest = useRef<JsonFormsCore | undefined>(undefined);
  const labels = useMemo(() => labelsIn(shape), [shape]);

  const currentProblems = useCallback((): readonly FormProblem[] => {
    const state = latest.current;
    const errors = (state?.errors ?? []) as unknown as SchemaError[];
    return problemsOf({ schema, data: state?.data as unknown, errors, labels, ...memory });
  }, [schema, labels, memory]);
  const notify = (): void => {
    latestProps.current.onChange((latest.current?.data ?? {}) as JsonObject, currentProblems());
  };

  // JSON Forms reports changes 10 ms later: too late for Enter right after a key. Its middleware runs at once.
  const middleware: Middleware = (state, action, reduce) => {
    const next = reduce(state, withoutGivenData(state, action));
    const changed = next.data !== latest.current?.data || next.errors !== latest.current?.errors;
    const isFirst = latest.current === undefined;
    latest.current = next;
    if (changed && !isFirst) notify();
    return next;
  };
  useLayoutEffect(() => {
    notify();
    // Once: later changes are reported by the middleware.
  }, []);

  const afterClick = useAfterClick();
  const host = useMemo(
    () => ({
      services: props.services,
      showAllProblems: props.showAllProblems === true,
      memory,
      memoryChanged: () => {
        setMemoryVersion((version) => version + 1);
        notify();
      },
      currentProblems,
      problems: new Map<string, string>(),
      afterClick,
    }),
    [props.services, props.showAllProblems, memory, memoryVersion, currentProblems],
  );
  const whole = useMemo(
    (): WholeForm => ({
      type: 'Form',
      ...(isUiSchema(shape.uiSchema) ? { content: shape.uiSchema } : {}),
    }),
    [shape],
  );
  return (
    <HostContext.Provider value={host}>
      <div class="form">
        <JsonForms
          data={initialData}
          schema={schema}
          uischema={whole}
          renderers={renderers}
          ajv={validator as never}
          readonly={props.readOnly === true}
          middleware={middleware}
        />
      </div>
    </HostContext.Provider>
  );
}

/** JSON Forms takes its `data` in again whenever another of its properties changes. What was typed counts. */
const withoutGivenData = (state: JsonFormsCore, action: CoreActions): CoreActions =>
  action.type === UPDATE_CORE ? { ...action, data: state.data as unknown } : action;

const filled = (data: JsonObject, schema: Schema): JsonObject =>
  (withRequiredParts(data, schema, schema) as JsonObject | undefined) ?? data;

/** The same object for equal shapes: data that was read again must not look like a new schema. */
function useStableShape(shape: DataShape): DataShape {
  const kept = useRef(shape);
  if (kept.current !== shape && JSON.stringify(kept.current) !== JSON.stringify(shape)) kept.current = shape;
  return kept.current;
}

/** The labels that the UI schema gives to fields, by their path. */
function labelsIn({ schema, uiSchema }: DataShape): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  const visit = (element: unknown): void => {
    if (!isRecord(element)) return;
    const { scope, label, elements } = element;
    const text = isRecord(label) ? label['text'] : label;
    if (typeof scope === 'string' && typeof text === 'string') {
      labels.set(placeOfScope(schema, scope, '', schema, {}).path, text);
    }
    if (Array.isArray(elements)) elements.forEach(visit);
  };
  visit(uiSchema);
  return labels;
}

/** Draws the control of one value. Values that the control of their schema can't show are edited as JSON. */
function Control(props: ControlProps) {
  const field = useField(props);
  const kind = controlKind(field.schema, field.form.root);
  // For as long as the field exists: the control must not change while one types in it.
  const asJson = useRef(false);
  asJson.current ||= !fitsControl(kind, field.value) || !field.known;
  if (!field.visible) return null;
  const Editor = CONTROLS[asJson.current ? 'json' : kind];
  return <Editor field={field} />;
}

const CONTROLS: Readonly<Record<ControlKind, (props: { readonly field: Field }) => ComponentChildren>> = {
  accept: AcceptField,
  array: ArrayField,
  boolean: BooleanField,
  choices: ChoicesField,
  date: ({ field }) => <DateField field={field} kind="date" />,
  'date-time': ({ field }) => <DateField field={field} kind="date-time" />,
  file: FileField,
  group: GroupField,
  json: JsonEditor,
  number: NumberField,
  object: ObjectField,
  principal: PrincipalField,
  select: ChoiceField,
  text: TextField,
  time: ({ field }) => <DateField field={field} kind="time" />,
  variants: VariantsField,
};

const WHOLE: ControlElement = { type: 'Control', scope: '#', label: 'Data' };

function FormContent({ uischema, schema, enabled = true }: LayoutProps) {
  const host = useHost();
  const { core } = useJsonForms();
  const problems = useMemo(
    () => new Map(host.currentProblems().map(({ path, message }) => [path, message])),
    [host, core],
  );
  const field = useField({ uischema: WHOLE, schema, enabled });
  const { content } = uischema as WholeForm;
  const hasFields = controlKind(field.schema, field.form.root) === 'object';
  const message = host.showAllProblems ? problems.get('') : undefined;
  return (
    <HostContext.Provider value={{ ...host, problems }}>
      {field.enabled && requiredNames(field.schema).length > 0 && (
        <p class="field-hint">Fields marked with * are required.</p>
      )}
      {content !== undefined ? (
        <JsonFormsDispatch uischema={content} schema={schema} path="" enabled={enabled} />
      ) : hasFields ? (
        <ObjectFields schema={field.schema} path="" enabled={enabled} />
      ) : (
        <Control uischema={WHOLE} schema={schema} enabled={enabled} />
      )}
      {(content !== undefined || hasFields) && (
        <OtherFields field={field} names={describedNames(field.schema, field.form.root)} />
      )}
      {message !== undefined && hasFields && <p class="field-problem">{message}</p>}
    </HostContext.Provider>
  );
}

/** Loads what validates data of this shape, which the platform compiles. */
async function loadValidators(shape: DataShape): Promise<void> {
  const schemas = wholeSchemas(shape);
  if (hasValidators(schemas)) return;
  const { url } = await callApi<CompiledValidators>('POST', '/_dev/validators', { body: { schemas } });
  const loaded = (await import(url)) as { readonly default: ValidatorModule };
  addValidators(schemas, loaded.default);
}

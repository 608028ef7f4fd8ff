import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isRecord, withValueAt, type JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { DateField } from './dates.tsx';
import { useField, type Field } from './field.tsx';
import { AcceptField, BooleanField, ChoiceField, ChoicesField, NumberField, TextField } from './inputs.tsx';
import { JsonEditor } from './json-editor.tsx';
import { Categories, isUiSchema, LabelText, Layout } from './layouts.tsx';
import { ArrayField, ObjectField, ObjectFields, OtherFields, VariantsField } from './nested.tsx';
import { problemsOf } from './problems.ts';
import { FileField, GroupField, PrincipalField } from './reference-inputs.tsx';
import { controlKind, fitsControl, withRequiredParts, type ControlKind } from '../../schema/controls.ts';
import { describedNames, placeAt, placeOfScope, requiredNames } from '../../schema/form.ts';
import { HostContext, useAfterClick, useHost, type FormHost, type FormMemory } from './state.ts';
import type { ElementProps, FormProblem, FormProps, UiElement } from './types.ts';
import type { Schema } from '../../schema/resolve.ts';
import {
  addValidators,
  hasValidators,
  schemaErrors,
  wholeSchemas,
  type ValidatorModule,
} from '../../schema/console-validator.ts';
import type { CompiledValidators } from '../../platform/shared/contract.ts';
import { callApi } from '../api.ts';

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
  const { shape, services, readOnly = false, showAllProblems = false } = props;
  const schema = shape.schema as Schema;
  const latestProps = useRef(props);
  latestProps.current = props;
  const [memory] = useState<FormMemory>(() => ({ drafts: new Map(), chosen: new Map(), setAside: new Map() }));
  const [memoryVersion, setMemoryVersion] = useState(0);
  const [data, setData] = useState(() => (readOnly ? props.initialData : filled(props.initialData, schema)));
  // Several changes may come before the next rendering.
  const latest = useRef(data);
  const labels = useMemo(() => labelsIn(shape), [shape]);
  const currentProblems = (): readonly FormProblem[] =>
    problemsOf({ schema, data: latest.current, errors: schemaErrors(schema, latest.current), labels, ...memory });
  const problems = useMemo(
    () => new Map(currentProblems().map(({ path, message }) => [path, message])),
    [data, schema, labels, memoryVersion],
  );
  // At once: for Enter right after a key, the next rendering is too late.
  const notify = (): void => latestProps.current.onChange(latest.current, currentProblems());
  useLayoutEffect(notify, [schema]);

  const host: FormHost = {
    ...{ root: schema, data, readOnly, services, showAllProblems, memory, problems, Element },
    change: (path, value) => {
      const { current } = latest;
      latest.current = withValueAt(current, path, value, (at) => placeAt(at, schema, current).required);
      setData(latest.current);
      notify();
    },
    memoryChanged: () => {
      setMemoryVersion((version) => version + 1);
      notify();
    },
    afterClick: useAfterClick(),
  };
  return (
    <HostContext.Provider value={host}>
      <div class="form">
        <FormContent shape={shape} />
      </div>
    </HostContext.Provider>
  );
}

/** Draws an element of a UI schema. A control for another value is another control. */
function Element(props: ElementProps) {
  const { uischema } = props;
  if (uischema.type === 'Categorization') return <Categories {...props} />;
  if (uischema.type === 'Label') return <LabelText {...props} />;
  return 'scope' in uischema ? <Control key={uischema.scope} {...props} /> : <Layout {...props} />;
}

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
function Control(props: ElementProps) {
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

const WHOLE: UiElement = { type: 'Control', scope: '#', label: 'Data' };

/** The UI schema; without one, the fields of the schema in their order. */
function FormContent({ shape: { schema, uiSchema } }: { readonly shape: DataShape }) {
  const { problems, showAllProblems } = useHost();
  const field = useField({ uischema: WHOLE, schema });
  const hasLayout = isUiSchema(uiSchema);
  const hasFields = controlKind(field.schema, field.form.root) === 'object';
  const message = showAllProblems ? problems.get('') : undefined;
  return (
    <>
      {field.enabled && requiredNames(field.schema).length > 0 && (
        <p class="field-hint">Fields marked with * are required.</p>
      )}
      {hasLayout ? (
        <Element uischema={uiSchema} schema={schema} />
      ) : hasFields ? (
        <ObjectFields schema={field.schema} path="" enabled />
      ) : (
        <Control uischema={WHOLE} schema={schema} />
      )}
      {(hasLayout || hasFields) && <OtherFields field={field} names={describedNames(field.schema, field.form.root)} />}
      {message !== undefined && hasFields && <p class="field-problem">{message}</p>}
    </>
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

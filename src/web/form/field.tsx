import type { ControlElement } from '@jsonforms/core';
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { valueAt, type Json } from '../../base/json.ts';
import { placeOfScope, schemaLabel } from '../../schema/form.ts';
import { useFormState, useHost } from './state.ts';
import type { Schema } from '../../schema/json-schema-ref.ts';

/** What JSON Forms passes to a renderer of a control. `path` is a JSON Pointer to the data that `schema` describes. */
export interface ControlProps {
  readonly uischema: ControlElement;
  readonly schema: Schema;
  readonly path?: string;
  readonly enabled?: boolean;
}

/** One value in the form, with all that its control needs. */
export type Field = ReturnType<typeof useField>;

export function useField({ uischema, schema, path = '', enabled = true }: ControlProps) {
  const form = useFormState();
  const id = useId();
  const place = placeOfScope(schema, uischema.scope, path, form.root, form.data);
  const { label } = uischema;
  const given = typeof label === 'object' ? label.text : label;
  const rule = form.rule(uischema, path);
  const options = (uischema.options ?? {}) as Readonly<Record<string, unknown>>;
  return {
    id,
    path: place.path,
    schema: place.schema,
    value: valueAt(form.data, place.path),
    label: typeof given === 'string' ? given : schemaLabel(place.schema, place.key),
    hasVisibleLabel: label !== false && !(typeof label === 'object' && label.show === false),
    required: place.required,
    enabled:
      enabled && rule.enabled && !form.readOnly && options['readonly'] !== true && place.schema['readOnly'] !== true,
    visible: rule.visible,
    /** Whether the schema describes the value. */
    known: place.known,
    options,
    change: (value: Json | undefined): void => form.change(place.path, value),
    form,
  };
}

/** What an empty field leaves: nothing, or null where the property must exist. */
export function emptyValue({ schema, required }: Pick<Field, 'schema' | 'required'>): null | undefined {
  const { type } = schema;
  return required && Array.isArray(type) && type.includes('null') ? null : undefined;
}

/** Attributes of the element that takes the input. */
export interface InputAttributes {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': true | undefined;
  readonly 'aria-required': true | undefined;
  readonly 'data-path': string;
}

interface FrameProps {
  readonly field: Field;
  /** A set of elements under one legend: radio buttons, or the fields of an object. */
  readonly set?: boolean;
  readonly className?: string;
  /** What the field itself can say about its input. */
  readonly ownProblem?: string | undefined;
  readonly hint?: string | undefined;
  /** The paths whose problems this field shows, if it is not only its own. */
  readonly covers?: ((path: string) => boolean) | undefined;
  readonly children: (attributes: InputAttributes) => ComponentChildren;
}

/** Label, description and problem around an input. */
export function FieldFrame({
  field,
  set = false,
  className = 'field',
  ownProblem,
  hint,
  covers,
  children,
}: FrameProps) {
  const { id, path, label, hasVisibleLabel, required, enabled, schema } = field;
  const problem = useVisibleProblem(field, covers);
  const message = ownProblem ?? problem.message;
  const description = [schema['description'], hint].filter((one) => typeof one === 'string' && one !== '').join(' ');
  const described = [description === '' ? [] : `${id}-hint`, message === undefined ? [] : `${id}-problem`].flat();
  const attributes: InputAttributes = {
    id,
    'aria-describedby': described.length === 0 ? undefined : described.join(' '),
    'aria-invalid': message === undefined ? undefined : true,
    'aria-required': required && !set ? true : undefined,
    'data-path': path,
  };
  const name = (
    <>
      {label}
      {required && enabled && <RequiredMark />}
    </>
  );
  const labelClass = hasVisibleLabel ? 'field-label' : 'field-label visually-hidden';
  const rest = (
    <>
      {description !== '' && (
        <p class="field-hint" id={`${id}-hint`}>
          {description}
        </p>
      )}
      {children(attributes)}
      {message !== undefined && (
        <p class="field-problem" id={`${id}-problem`}>
          {message}
        </p>
      )}
    </>
  );
  if (!set) {
    return (
      <div class={className} onFocusOut={problem.onFocusOut}>
        <label class={labelClass} for={id}>
          {name}
        </label>
        {rest}
      </div>
    );
  }
  return (
    <fieldset
      class={className}
      onFocusOut={problem.onFocusOut}
      aria-describedby={attributes['aria-describedby']}
      data-path={path}
      tabIndex={-1}
    >
      <legend class={labelClass}>{name}</legend>
      {rest}
    </fieldset>
  );
}

function RequiredMark() {
  return (
    <span class="field-required" title="Required">
      {' '}
      <span aria-hidden="true">*</span>
      <span class="visually-hidden">(required)</span>
    </span>
  );
}

/** The paths of a value and all of its parts. */
export const within =
  (path: string) =>
  (at: string): boolean =>
    at === path || at.startsWith(`${path}/`);

/** The problem of a field, once the field was left or all problems are shown. */
function useVisibleProblem({ path }: Pick<Field, 'path'>, covers: (at: string) => boolean = (at) => at === path) {
  const { problems, showAllProblems, afterClick } = useHost();
  const [left, setLeft] = useState(false);
  const message = [...problems].find(([at]) => covers(at))?.[1];
  return {
    message: left || showAllProblems ? message : undefined,
    onFocusOut: ({ currentTarget, relatedTarget }: FocusEvent & { readonly currentTarget: Node }): void => {
      if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) afterClick(() => setLeft(true));
    },
  };
}

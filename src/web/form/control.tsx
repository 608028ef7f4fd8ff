import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { DateField } from './dates.tsx';
import { useField, type ControlProps, type Field } from './field.tsx';
import { AcceptField, BooleanField, ChoiceField, ChoicesField, NumberField, TextField } from './inputs.tsx';
import { JsonEditor } from './json-editor.tsx';
import { ArrayField, ObjectField, VariantsField } from './nested.tsx';
import { FileField, GroupField, PrincipalField } from './reference-inputs.tsx';
import { controlKind, fitsControl, type ControlKind } from '../../schema/form.ts';

/** Draws the control of one value. Values that the control of their schema can't show are edited as JSON. */
export function Control(props: ControlProps) {
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

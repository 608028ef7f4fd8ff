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
  return renderControl(asJson.current ? 'json' : kind, field);
}

function renderControl(kind: ControlKind, field: Field) {
  switch (kind) {
    case 'accept':
      return <AcceptField field={field} />;
    case 'array':
      return <ArrayField field={field} />;
    case 'boolean':
      return <BooleanField field={field} />;
    case 'choices':
      return <ChoicesField field={field} />;
    case 'date':
    case 'date-time':
    case 'time':
      return <DateField field={field} kind={kind} />;
    case 'file':
      return <FileField field={field} />;
    case 'group':
      return <GroupField field={field} />;
    case 'json':
      return <JsonEditor field={field} />;
    case 'number':
      return <NumberField field={field} />;
    case 'object':
      return <ObjectField field={field} />;
    case 'principal':
      return <PrincipalField field={field} />;
    case 'select':
      return <ChoiceField field={field} />;
    case 'text':
      return <TextField field={field} />;
    case 'variants':
      return <VariantsField field={field} />;
  }
}

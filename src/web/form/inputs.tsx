import { useState } from 'preact/hooks';
import { canonicalJson, type Json } from '../../base/json.ts';
import { emptyValue, FieldFrame, within, type Field, type InputAttributes } from './field.tsx';
import { choicesOf, effectiveSchema, valueLabel, type ChoiceOption } from '../../schema/form.ts';
import { isSameValue, namedTypes } from '../../schema/normal-form.ts';

interface FieldProps {
  readonly field: Field;
}

const placeholderOf = ({ options }: Field): string | undefined =>
  typeof options['placeholder'] === 'string' ? options['placeholder'] : undefined;

// Not the types `email` and `url`, whose values a browser changes: it removes spaces and encodes international domains.
const INPUT_MODES: Readonly<Record<string, 'email' | 'url'>> = { email: 'email', uri: 'url', url: 'url' };

export function TextField({ field }: FieldProps) {
  const { value, schema, options, enabled } = field;
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : canonicalJson(value);
  // Preact's types allow other roles for a password, and this field does not set any.
  const type = (schema['format'] === 'password' ? 'password' : 'text') as 'text';
  const edit = (next: string): void => field.change(next === '' ? emptyValue(field) : next);
  const common = (attributes: InputAttributes) => ({
    ...attributes,
    readOnly: !enabled,
    placeholder: placeholderOf(field),
    value: text,
  });
  // Line breaks would be lost in an input.
  const multi = options['multi'] === true || text.includes('\n');
  return (
    <FieldFrame field={field}>
      {(attributes) =>
        multi ? (
          <textarea {...common(attributes)} rows={4} onInput={({ currentTarget }) => edit(currentTarget.value)} />
        ) : (
          <input
            {...common(attributes)}
            type={type}
            inputMode={INPUT_MODES[String(schema['format'])]}
            onInput={({ currentTarget }) => edit(currentTarget.value)}
          />
        )
      }
    </FieldFrame>
  );
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a text stands for, if it has one without a loss of digits. */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  const number = Number(trimmed);
  if (!NUMBER.test(trimmed) || !Number.isFinite(number)) return undefined;
  return /^[+-]?\d+$/.test(trimmed) && !Number.isSafeInteger(number) ? undefined : number;
}

/** Text that is not a number becomes the value as it is, so that it is not lost and the check reports it. */
export function NumberField({ field }: FieldProps) {
  const { value, schema, enabled } = field;
  const [typed, setTyped] = useState('');
  const shown = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  const text = shown !== '' && numberOf(typed) === value ? typed : shown;
  return (
    <FieldFrame field={field}>
      {(attributes) => (
        <input
          {...attributes}
          class="field-number"
          type="text"
          inputMode={namedTypes(schema).includes('integer') ? 'numeric' : 'decimal'}
          autocomplete="off"
          readOnly={!enabled}
          placeholder={placeholderOf(field)}
          value={text}
          onInput={({ currentTarget }) => {
            const next = currentTarget.value;
            setTyped(next);
            field.change(next.trim() === '' ? emptyValue(field) : (numberOf(next) ?? next));
          }}
        />
      )}
    </FieldFrame>
  );
}

/** Yes, No or not answered yet, which a check box can't tell apart from No. */
export function BooleanField({ field }: FieldProps) {
  const options = [
    { value: true, label: 'Yes' },
    { value: false, label: 'No' },
  ];
  return <RadioField field={field} choices={options} inline />;
}

/** A statement to agree to: its only valid value is true. */
export function AcceptField({ field }: FieldProps) {
  const { value, enabled } = field;
  return (
    <FieldFrame field={field} className="field field-check">
      {(attributes) => (
        <input
          {...attributes}
          type="checkbox"
          disabled={!enabled}
          checked={value === true}
          onChange={({ currentTarget }) => field.change(currentTarget.checked ? true : emptyValue(field))}
        />
      )}
    </FieldFrame>
  );
}

/** The choices, and the present value if it is not one of them: it must not look as if nothing was chosen. */
function choicesWith(choices: readonly ChoiceOption[], value: unknown): readonly ChoiceOption[] {
  if (value === undefined || choices.some((one) => isSameValue(one.value, value))) return choices;
  return [...choices, { value: value as Json, label: `${valueLabel(value)} (not an option)` }];
}

export function ChoiceField({ field }: FieldProps) {
  const choices = choicesOf(field.schema) ?? [];
  const { format } = field.options;
  if (format === 'radio') return <RadioField field={field} choices={choices} />;
  return <SelectField field={field} choices={choices} />;
}

export function SelectField({ field, choices }: FieldProps & { readonly choices: readonly ChoiceOption[] }) {
  const { value, enabled, required } = field;
  const all = value === null && !required ? choices : choicesWith(choices, value);
  const at = all.findIndex((one) => isSameValue(one.value, value));
  return (
    <FieldFrame field={field}>
      {(attributes) => (
        <select
          {...attributes}
          disabled={!enabled}
          value={at < 0 ? '' : String(at)}
          onChange={({ currentTarget }) =>
            field.change(currentTarget.value === '' ? emptyValue(field) : all[Number(currentTarget.value)]?.value)
          }
        >
          <option value="">{enabled ? 'Choose…' : ''}</option>
          {all.map((one, index) => (
            <option key={canonicalJson(one.value)} value={String(index)}>
              {one.label}
            </option>
          ))}
        </select>
      )}
    </FieldFrame>
  );
}

interface RadioProps extends FieldProps {
  readonly choices: readonly ChoiceOption[];
  readonly inline?: boolean;
}

function RadioField({ field, choices, inline = false }: RadioProps) {
  const { value, enabled, required, id } = field;
  const all = choicesWith(choices, value === null ? undefined : value);
  const answered = value !== undefined && value !== null;
  return (
    <FieldFrame field={field} set className={inline ? 'field field-inline' : 'field'}>
      {(attributes) => (
        <div class="field-options">
          {all.map((one, index) => (
            <label key={canonicalJson(one.value)} class="field-option">
              <input
                type="radio"
                name={id}
                disabled={!enabled}
                aria-invalid={attributes['aria-invalid']}
                aria-describedby={attributes['aria-describedby']}
                data-index={index}
                checked={answered && isSameValue(one.value, value)}
                onChange={() => field.change(one.value)}
              />
              {one.label}
            </label>
          ))}
          {answered && !required && enabled && (
            <button type="button" onClick={() => field.change(undefined)}>
              Clear<span class="visually-hidden"> {field.label}</span>
            </button>
          )}
        </div>
      )}
    </FieldFrame>
  );
}

export function ChoicesField({ field }: FieldProps) {
  const { value, enabled, schema, form } = field;
  const chosen = Array.isArray(value) ? (value as readonly Json[]) : [];
  const choices = choicesOf(effectiveSchema(schema['items'], undefined, form.root)) ?? [];
  const all = chosen.reduce(choicesWith, choices);
  const isChosen = (one: ChoiceOption): boolean => chosen.some((item) => isSameValue(item, one.value));
  return (
    <FieldFrame field={field} set covers={within(field.path)}>
      {(attributes) => (
        <div class="field-options">
          {all.map((one) => (
            <label key={canonicalJson(one.value)} class="field-option">
              <input
                type="checkbox"
                disabled={!enabled}
                aria-invalid={attributes['aria-invalid']}
                aria-describedby={attributes['aria-describedby']}
                checked={isChosen(one)}
                onChange={({ currentTarget }) => {
                  const { checked } = currentTarget;
                  const next = all.filter((other) => (other === one ? checked : isChosen(other)));
                  field.change(next.length === 0 && !field.required ? undefined : next.map((other) => other.value));
                }}
              />
              {one.label}
            </label>
          ))}
        </div>
      )}
    </FieldFrame>
  );
}

import { useRef } from 'preact/hooks';
import { emptyValue, FieldFrame, type Field } from './field.tsx';

type DateKind = 'date' | 'date-time' | 'time';

interface DateInput {
  readonly type: 'date' | 'datetime-local' | 'time';
  readonly hint?: string;
  /** What the input shows for a value; undefined if it can't show it. */
  readonly toInput: (value: string) => string | undefined;
  readonly fromInput: (text: string, previous: unknown) => string;
}

const two = (number: number): string => String(number).padStart(2, '0');

/** As the browser itself writes the value: it would take another text for a new value, and forget which digits were typed. */
const withoutZeroSeconds = (time: string): string => time.replace(/:00$/, '');

const INPUTS: Readonly<Record<DateKind, DateInput>> = {
  date: {
    type: 'date',
    toInput: (value) => (/^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined),
    fromInput: (text) => text,
  },
  'date-time': {
    type: 'datetime-local',
    hint: `In your time zone, ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`,
    toInput: (value) => {
      const date = new Date(value);
      if (!/^\d{4}-\d\d-\d\dT/.test(value) || Number.isNaN(date.getTime())) return undefined;
      const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
      return `${day}T${withoutZeroSeconds(`${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`)}`;
    },
    fromInput: (text) => {
      const date = new Date(text);
      return Number.isNaN(date.getTime()) ? text : date.toISOString().replace('.000Z', 'Z');
    },
  },
  time: {
    type: 'time',
    hint: 'In UTC, unless the value already has another offset.',
    toInput: (value) => {
      const time = /^\d\d:\d\d:\d\d(?=[zZ+-])/.exec(value)?.[0];
      return time === undefined ? undefined : withoutZeroSeconds(time);
    },
    fromInput: (text, previous) => {
      const offset = /^\d\d:\d\d:\d\d([zZ]|[+-]\d\d:\d\d)$/.exec(typeof previous === 'string' ? previous : '')?.[1];
      return `${text}${/^\d\d:\d\d$/.test(text) ? ':00' : ''}${offset ?? 'Z'}`;
    },
  },
};

/** A date picker, or a text field for a value that the picker would not show. */
export function DateField({ field, kind }: { readonly field: Field; readonly kind: DateKind }) {
  const { value, enabled } = field;
  const { type, hint, toInput, fromInput } = INPUTS[kind];
  const text = typeof value === 'string' ? value : '';
  // For as long as the field exists: the control must not change while one types in it.
  const startedAsText = useRef(false);
  startedAsText.current ||= text !== '' && toInput(text) === undefined;
  const asText = startedAsText.current;
  // Preact types `role` by the type of the input. This field sets none, so one type stands for all.
  const inputType = (asText ? 'text' : type) as 'date';
  return (
    <FieldFrame field={field} hint={asText ? undefined : hint}>
      {(attributes) => (
        <input
          {...attributes}
          class={asText ? undefined : 'field-date'}
          type={inputType}
          step={asText || kind === 'date' ? undefined : 1}
          readOnly={!enabled}
          value={asText ? text : (toInput(text) ?? '')}
          onInput={({ currentTarget: { value: next } }) => {
            if (next === '') field.change(emptyValue(field));
            else field.change(asText ? next : fromInput(next, value));
          }}
        />
      )}
    </FieldFrame>
  );
}

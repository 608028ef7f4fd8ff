export interface SelectListProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  /** Values and what they are called, in order. */
  readonly options: readonly (readonly [Value, string])[];
  readonly onChange: (value: Value) => void;
}

export function SelectList<Value extends string>({ label, value, options, onChange }: SelectListProps<Value>) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as Value)}>
        {options.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

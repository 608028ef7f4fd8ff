import { useState } from 'preact/hooks';
import { isRecord, type Json } from '../../base/json.ts';
import { emptyValue, FieldFrame, within, type Field } from './field.tsx';
import { useHost } from './state.ts';

const textOf = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value, null, 2));

/** Edits any value as JSON. Text that is not JSON stays in the editor, and the data keeps its last value. */
export function JsonEditor({
  field,
  hint = 'Enter JSON.',
  covers = within(field.path),
  objectOnly = field.path === '',
}: {
  readonly field: Field;
  readonly hint?: string;
  readonly covers?: (path: string) => boolean;
  readonly objectOnly?: boolean;
}) {
  const { memory, memoryChanged } = useHost();
  const { path, value, enabled } = field;
  const current = textOf(value);
  // `value` is what the text stands for.
  const [typed, setTyped] = useState({ text: current, value: current });
  const draft = memory.drafts.get(path);
  // The text of the moment, with its spaces, unless the value was changed elsewhere.
  const text = draft ?? (typed.value === current ? typed.text : current);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const edit = (next: string): void => {
    const parsed = parse(next, objectOnly);
    if ('problem' in parsed) {
      memory.drafts.set(path, next);
      setProblem(parsed.problem);
      memoryChanged();
      return;
    }
    const hadDraft = memory.drafts.delete(path);
    setProblem(undefined);
    const entered = next.trim() === '' ? emptyValue(field) : parsed.value;
    setTyped({ text: next, value: textOf(entered) });
    field.change(entered);
    if (hadDraft) memoryChanged();
  };
  return (
    <FieldFrame
      field={field}
      covers={covers}
      hint={hint}
      ownProblem={draft === undefined ? undefined : (problem ?? 'This is not valid JSON')}
    >
      {(attributes) => (
        <textarea
          {...attributes}
          class="field-json"
          spellcheck={false}
          autocapitalize="off"
          rows={Math.min(Math.max(text.split('\n').length, 3), 20)}
          readOnly={!enabled}
          value={text}
          onInput={({ currentTarget }) => edit(currentTarget.value)}
        />
      )}
    </FieldFrame>
  );
}

function parse(text: string, objectOnly: boolean): { readonly value: Json | undefined } | { readonly problem: string } {
  if (text.trim() === '') return { value: undefined };
  try {
    const value = JSON.parse(text) as Json;
    return objectOnly && !isRecord(value)
      ? { problem: 'This must be a JSON object, such as {"name": "value"}' }
      : { value };
  } catch (error) {
    const line = lineOf(error instanceof Error ? error.message : '', text);
    return { problem: `This is not valid JSON${line === undefined ? '' : `: see line ${line}`}` };
  }
}

/** The line of a syntax error, from the texts of Chromium, Firefox and Node. */
function lineOf(message: string, text: string): number | undefined {
  const line = /line (\d+)/.exec(message)?.[1];
  if (line !== undefined) return Number(line);
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  return message.includes('end of JSON') ? text.split('\n').length : undefined;
}

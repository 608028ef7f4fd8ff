import { useEffect, useRef, useState } from 'preact/hooks';
import { acceptedTypes, isAcceptedType } from '../../schema/document-type.ts';
import { formatReference, isComplete, parseReference } from '../../schema/kuflow-references.ts';
import { emptyValue, FieldFrame, type Field } from './field.tsx';
import { SelectField } from './inputs.tsx';
import { acceptMessage, sizeMessage } from './problem-messages.ts';
import { formatBytes } from '../text/words.ts';
import type { ChoiceOption } from '../../schema/form.ts';
import { useHost } from './state.ts';

export function PrincipalField({ field }: { readonly field: Field }) {
  const { users } = useHost().services;
  const choices = users.map(({ principalId, name, email }) => ({
    value: formatReference('principal', { id: principalId, type: 'USER', name }),
    label: name === email ? name : `${name} (${email})`,
  }));
  return <SelectField field={field} choices={withPresent(choices, field.value)} />;
}

export function GroupField({ field }: { readonly field: Field }) {
  const { groups } = useHost().services;
  const choices = groups.map(({ id, name, code }) => ({
    value: formatReference('group', { id, type: 'OTHERS', name }),
    label: name === code ? name : `${name} (${code})`,
  }));
  return <SelectField field={field} choices={withPresent(choices, field.value)} />;
}

/** References to the same id differ in their other fields: the present value stays as it is, with the name of its choice. */
function withPresent(choices: readonly ChoiceOption[], value: unknown): readonly ChoiceOption[] {
  const id = idOf(value);
  if (id === undefined || choices.some((one) => one.value === value)) return choices;
  const same = choices.findIndex((one) => idOf(one.value) === id);
  const label = same < 0 ? (parseReference(String(value))?.fields['name'] ?? id) : (choices[same]?.label ?? id);
  const present = { value: String(value), label };
  return same < 0 ? [...choices, present] : choices.map((one, at) => (at === same ? present : one));
}

const idOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? parseReference(value)?.fields['id']?.toLowerCase() : undefined;

/** A document: chosen and uploaded at once, then shown by its name. */
export function FileField({ field }: { readonly field: Field }) {
  const { uploadDocument, downloadDocument } = useHost().services;
  const { value, enabled, label, schema } = field;
  const [transfer, setTransfer] = useState<{ readonly running?: string; readonly failure?: string }>({});
  // The field may get another path while the file is on its way, as an item of an array does.
  const current = useRef(field);
  const mounted = useRef(true);
  current.current = field;
  useEffect(
    () => () => {
      mounted.current = false;
    },
    [],
  );
  const run = async (text: string, failure: string, work: () => Promise<void>): Promise<void> => {
    setTransfer({ running: text });
    try {
      await work();
      setTransfer({});
    } catch (error) {
      setTransfer({ failure: `${failure}: ${error instanceof Error ? error.message : String(error)}` });
    }
  };
  const upload = (file: File): void => {
    const refusal = refusalOf(file, schema);
    if (refusal !== undefined) {
      setTransfer({ failure: refusal });
      return;
    }
    void run(`Uploading ${file.name}…`, `${file.name} was not uploaded`, async () => {
      const reference = await uploadDocument?.(file);
      if (mounted.current && reference !== undefined) current.current.change(reference);
    });
  };
  const text = typeof value === 'string' ? value : '';
  const reference = parseReference(text);
  const hint = [
    limitsOf(schema),
    uploadDocument === undefined && enabled ? 'Files can be added in tasks and user actions only.' : '',
  ]
    .filter((one) => one !== '')
    .join(' ');
  return (
    <FieldFrame field={field} hint={hint === '' ? undefined : hint} ownProblem={transfer.failure}>
      {(attributes) => (
        <>
          {text === '' ? (
            <input
              {...attributes}
              type="file"
              accept={acceptedTypes(schema['accept']).map(htmlAccept).join(',')}
              disabled={!enabled || uploadDocument === undefined || transfer.running !== undefined}
              onChange={({ currentTarget }) => {
                const [file] = currentTarget.files ?? [];
                if (file === undefined) return;
                upload(file);
                // So that the same file can be chosen again.
                currentTarget.value = '';
              }}
            />
          ) : (
            <div class="field-document">
              <output id={attributes.id} data-path={attributes['data-path']} tabIndex={-1}>
                {fileText(text)}
              </output>
              {downloadDocument !== undefined && reference?.kind === 'file' && isComplete(reference) && (
                <button
                  type="button"
                  disabled={transfer.running !== undefined}
                  onClick={() =>
                    void run('Downloading…', 'The document was not downloaded', async () => downloadDocument(text))
                  }
                >
                  Download<span class="visually-hidden"> {label}</span>
                </button>
              )}
              {enabled && (
                <button type="button" onClick={() => field.change(emptyValue(field))}>
                  Remove<span class="visually-hidden"> {label}</span>
                </button>
              )}
            </div>
          )}
          <p class="field-transfer" role="status">
            {transfer.running}
          </p>
        </>
      )}
    </FieldFrame>
  );
}

/** In HTML, an extension starts with a dot. */
const htmlAccept = (entry: string): string =>
  entry === '*' ? '*/*' : entry.includes('/') ? entry : `.${entry.replace(/^\*?\./, '')}`;

function refusalOf({ name, type, size }: File, { accept, maxSize }: Field['schema']): string | undefined {
  if (!isAcceptedType(accept, { name, type })) return `${name} was not uploaded. ${acceptMessage(accept)}`;
  if (typeof maxSize !== 'number' || size <= maxSize) return undefined;
  return `${name} is ${formatBytes(size)} and was not uploaded. ${sizeMessage(maxSize)}`;
}

function limitsOf({ accept, maxSize }: Field['schema']): string {
  const types = acceptedTypes(accept);
  const parts = [
    ...(types.length === 0 ? [] : [types.join(', ')]),
    ...(typeof maxSize === 'number' ? [`at most ${formatBytes(maxSize)}`] : []),
  ];
  return parts.length === 0 ? '' : `Allowed: ${parts.join(', ')}.`;
}

/** Name and size of a document, or the text itself if it is not a complete reference. */
function fileText(text: string): string {
  const reference = parseReference(text);
  if (reference?.kind !== 'file' || !isComplete(reference)) return text;
  const { name = '', size } = reference.fields;
  return `${name} (${formatBytes(Number(size))})`;
}

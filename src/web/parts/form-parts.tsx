import { useEffect, useMemo, useState } from 'preact/hooks';
import type { JsonObject } from '../../base/json.ts';
import { BODY_LIMIT } from '../../platform/shared/body-limit.ts';
import type { ExampleData } from '../../platform/shared/dev-contract.ts';
import type { DataShape } from '../../process/definition.ts';
import { parseReference } from '../../schema/kuflow-references.ts';
import { callApi, downloadBytes, RequestFailure } from '../api.ts';
import { useApp } from '../app-data.ts';
import type { FormProps, FormServices } from '../form/state.ts';
import { formatBytes } from '../text/words.ts';
import type { Action } from './action.ts';
import type { EditedData } from './edited-data.ts';
import { LazyForm } from './lazy.tsx';
import { CodeBlock, Notice } from './notices.tsx';

export interface EditedFormProps extends Omit<FormProps, 'initialData' | 'onChange'> {
  readonly edited: EditedData;
}

export function EditedForm({ edited, ...props }: EditedFormProps) {
  return (
    <div class="data">
      <LazyForm key={edited.formKey} initialData={edited.initial} onChange={edited.onChange} {...props} />
    </div>
  );
}

/** Whether the shape of the form is another one than when the person started to type. */
export function useShapeChanged(shape: DataShape | undefined, hasChanges: boolean): boolean {
  const json = JSON.stringify(shape);
  const [startedWith, setStartedWith] = useState(json);
  useEffect(() => {
    if (!hasChanges) setStartedWith(json);
  }, [json, hasChanges]);
  return startedWith !== json;
}

/** The title of a failure of `fill`. */
export const EXAMPLE_DATA_FAILED = 'Example data is not available';

/** `fill` fills in the empty fields of a form, and `missing` names those that have no example data. */
export function useExampleData(edited: EditedData, action: Action) {
  const [missing, setMissing] = useState<readonly string[]>([]);
  /** `body` is that of `POST /_dev/definitions/{code}/examples`: which data of the process definition the form has. */
  const fill = (code: string, body: object): void =>
    action.run('fill', async () => {
      const path = `/_dev/definitions/${encodeURIComponent(code)}/examples`;
      const example = await callApi<ExampleData>('POST', path, { body });
      edited.fill({ ...example.value, ...edited.current() });
      setMissing(example.missing);
      return 'Filled in the empty fields';
    });
  return { missing, fill };
}

export interface RestoredNoticeProps {
  readonly edited: EditedData;
  /** The data of the platform, which the form shows instead if the person discards the draft. */
  readonly stored: JsonObject;
  readonly text: string;
}

export function RestoredNotice({ edited, stored, text }: RestoredNoticeProps) {
  if (!edited.isRestored) return null;
  return (
    <Notice tone="info">
      <p>
        {text}{' '}
        <button type="button" class="quiet" onClick={() => edited.discard(stored)}>
          Discard it
        </button>
      </p>
    </Notice>
  );
}

export function MissingNotice({ missing }: { readonly missing: readonly string[] }) {
  if (missing.length === 0) return null;
  return (
    <Notice tone="info">
      <p>Fill in by hand: {missing.join(', ')}</p>
    </Notice>
  );
}

interface DataViewProps {
  readonly value: JsonObject;
  readonly shape: DataShape | undefined;
  readonly label: string;
}

/** Data to read: as a form if its shape is known, otherwise as JSON. */
export function DataView({ value, shape, label }: DataViewProps) {
  const services = useFormServices();
  if (shape === undefined) return <CodeBlock label={label}>{JSON.stringify(value, undefined, 2)}</CodeBlock>;
  return (
    <LazyForm
      key={JSON.stringify(value)}
      shape={shape}
      initialData={value}
      readOnly
      services={services}
      onChange={() => undefined}
    />
  );
}

/** What forms need of the local KuFlow. `processId`: the process that stores their documents, if they can be uploaded. */
export function useFormServices(processId?: string): FormServices {
  const { people } = useApp();
  return useMemo(
    () => ({
      users: people.users,
      groups: people.groups,
      uploadDocument: processId === undefined ? undefined : (file: File) => sendDocument(processId, file),
      downloadDocument: saveDocument,
    }),
    [people, processId],
  );
}

/** Saves the document that a reference names, through the browser's downloads. */
export async function saveDocument(reference: string): Promise<void> {
  const bytes = await downloadBytes('/documents/~actions/download', { query: { documentUri: reference } });
  const address = URL.createObjectURL(bytes);
  const link = document.createElement('a');
  link.href = address;
  link.download = parseReference(reference)?.fields['name'] ?? 'document';
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

async function sendDocument(processId: string, file: File): Promise<string> {
  // The local KuFlow would refuse it, and a browser then only reports that the connection was closed.
  if (file.size > BODY_LIMIT)
    throw new RequestFailure(
      `${file.name} is ${formatBytes(file.size)}. The local KuFlow stores documents up to ${formatBytes(BODY_LIMIT)}.`,
    );
  const { documentUri } = await callApi<{ documentUri: string }>(
    'POST',
    `/processes/${encodeURIComponent(processId)}/~actions/upload-document`,
    { query: { fileContentType: file.type || 'application/octet-stream', fileName: file.name }, bytes: file },
  );
  return documentUri;
}

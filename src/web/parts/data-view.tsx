import { useMemo } from 'preact/hooks';
import type { JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { parseReference } from '../../schema/references.ts';
import { useApp } from '../app-data.ts';
import { downloadBytes } from '../api.ts';
import type { FormServices } from '../form/types.ts';
import { LazyForm } from './lazy.tsx';
import { JsonView } from './notices.tsx';

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

/** What forms need of the local KuFlow. `uploadDocument` must be the same function for each render. */
export function useFormServices(uploadDocument?: FormServices['uploadDocument']): FormServices {
  const { people } = useApp();
  return useMemo(
    () => ({ users: people.users, groups: people.groups, uploadDocument, downloadDocument: saveDocument }),
    [people, uploadDocument],
  );
}

/** Data to read: as a form if its shape is known, otherwise as JSON. */
export function DataView({
  value,
  shape,
  label,
}: {
  readonly value: JsonObject;
  readonly shape: DataShape | undefined;
  readonly label: string;
}) {
  const services = useFormServices();
  if (shape === undefined) return <JsonView value={value} label={label} />;
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

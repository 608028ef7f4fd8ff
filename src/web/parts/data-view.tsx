import { useMemo } from 'preact/hooks';
import type { JsonObject } from '../../base/json.ts';
import type { DataShape } from '../../process/definition.ts';
import { useApp } from '../app-data.ts';
import type { FormServices } from '../form/types.ts';
import { saveDocument, sendDocument } from './documents.ts';
import { LazyForm } from './lazy.tsx';
import { CodeBlock } from './notices.tsx';

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

import { useMemo } from 'preact/hooks';
import { parseReference } from '../../schema/references.ts';
import { callApi, downloadBytes, RequestFailure } from '../api.ts';
import { useApp } from '../app-data.ts';
import type { FormServices } from '../form/state.ts';
import { formatBytes } from '../text/words.ts';

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

/** The platform refuses larger ones, and a browser then only reports that the connection was closed. */
const LARGEST_UPLOAD = 100 * 1024 * 1024;

async function sendDocument(processId: string, file: File): Promise<string> {
  if (file.size > LARGEST_UPLOAD)
    throw new RequestFailure(
      `${file.name} is ${formatBytes(file.size)}. The local KuFlow stores documents up to ${formatBytes(LARGEST_UPLOAD)}.`,
    );
  const { documentUri } = await callApi<{ documentUri: string }>(
    'POST',
    `/processes/${encodeURIComponent(processId)}/~actions/upload-document`,
    { query: { fileContentType: file.type || 'application/octet-stream', fileName: file.name }, bytes: file },
  );
  return documentUri;
}

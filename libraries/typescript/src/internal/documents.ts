import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Uuid } from './model.ts';
import type { RestClient, RestRequest } from './rest-client.ts';
import { KuFlowFile } from './values.ts';

export interface Upload {
  readonly processId: Uuid;
  /** The name that people see. Default: the name of the file. */
  readonly name?: string;
  /** Media type. Default: `application/octet-stream`. */
  readonly contentType?: string;
}

/**
 * Transfers documents between KuFlow and files without loading them into memory. Transfer a file in the same activity that creates or
 * reads it, because the next activity may run on another host. Give that activity the options `TRANSFER`.
 */
export interface Documents {
  /** Uploads a file. Save the result in the data of a task or process: KuFlow deletes documents that no data refers to. */
  upload(path: string, upload: Upload): Promise<KuFlowFile>;
  /** Saves a document to a file, which appears only when it is complete. `document` is a `kuflow-file:` value or a `ku:` URI. */
  download(document: string, path: string): Promise<void>;
}

const HEARTBEAT_INTERVAL = 10_000;

export function createDocuments(rest: RestClient): Documents {
  return {
    upload: (path, { processId, name = basename(path), contentType = 'application/octet-stream' }) =>
      withHeartbeats(async () => {
        const { size } = await stat(path);
        if (size === 0) throw new Error(`${name} is empty: KuFlow does not accept empty documents`);
        const { body } = await rest.call<{ readonly documentUri?: KuFlowFile } | undefined>({
          operation: 'uploadProcessDocument',
          method: 'POST',
          path: `/processes/${encodeURIComponent(processId)}/~actions/upload-document`,
          query: { fileName: name, fileContentType: contentType },
          file: { stream: createReadStream(path), size },
          signal: cancellationSignal(),
        });
        if (!body?.documentUri) throw new Error('The response to the upload of a document has no documentUri');
        return body.documentUri;
      }),

    download: (document, path) =>
      withHeartbeats(async () => {
        const { uri, size } = document.startsWith('ku:') ? { uri: document, size: undefined } : KuFlowFile.parse(document);
        const incomplete = `${path}.incomplete`;
        try {
          const stream = await rest.download({ ...downloadRequest(uri), signal: cancellationSignal() });
          const file = createWriteStream(incomplete);
          await pipeline(stream, file);
          if (size !== undefined && file.bytesWritten !== size)
            throw new Error(`The document ${uri} has ${file.bytesWritten} bytes instead of ${size}`);
          await rename(incomplete, path);
        } catch (error) {
          await rm(incomplete, { force: true });
          throw error;
        }
      }),
  };
}

function downloadRequest(uri: string): RestRequest {
  const [, kind = '', id = ''] = /^ku:(process|business-artifact)\/([^/]+)\/document\//.exec(uri) ?? [];
  const owners: Readonly<Record<string, string>> = { process: 'processes', 'business-artifact': 'business-artifacts' };
  if (owners[kind] === undefined) throw new Error(`${uri} is not the URI of a document of a process or business artifact`);
  return {
    operation: kind === 'process' ? 'downloadProcessDocument' : 'downloadBusinessArtifactDocument',
    method: 'GET',
    path: `/${owners[kind]}/${encodeURIComponent(id)}/~actions/download-document`,
    query: { documentUri: uri },
  };
}

async function withHeartbeats<Result>(transfer: () => Promise<Result>): Promise<Result> {
  const timer = setInterval(() => heartbeat(), HEARTBEAT_INTERVAL);
  try {
    return await transfer();
  } finally {
    clearInterval(timer);
  }
}

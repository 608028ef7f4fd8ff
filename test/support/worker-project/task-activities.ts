// Added to a generated project by the end-to-end tests.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activityInfo, Context } from '@temporalio/activity';
import type { KuFlowClient } from 'kuflow-worker';
import type { CheckCreditData } from './process/types.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

export const createTaskActivities = ({ kuflow }: { readonly kuflow: KuFlowClient }) => ({
  /** Its result is valid at the second attempt. */
  async scoreSecondTime(): Promise<CheckCreditData> {
    if (activityInfo().attempt === 1) return { score: 'high', decision: 'PERHAPS' } as unknown as CheckCreditData;
    return { score: 7, decision: 'REVIEW' };
  },

  /** Uploads `megabytes` of content, and returns the document and the hash of the content. */
  async uploadContent({ processId, megabytes }: { readonly processId: string; readonly megabytes: number }) {
    return inFolder(async (folder) => {
      const content = Buffer.alloc(megabytes * 1024 * 1024, `${processId}\n`);
      const path = join(folder, 'Übersicht; a=b.txt');
      await writeFile(path, content);
      const document = await kuflow.documents.upload(path, { processId, contentType: 'text/plain' });
      return { document, hash: sha256(content) };
    });
  },

  /** Downloads a document and returns the hash of its content. */
  async hashOfDocument(document: string): Promise<string> {
    return inFolder(async (folder) => {
      const path = join(folder, 'document');
      await kuflow.documents.download(document, path);
      return sha256(await readFile(path));
    });
  },

  /** Notices that it is canceled, and does not end. */
  async ignoreCancellation(): Promise<void> {
    const { log, cancellationSignal } = Context.current();
    log.info('Begun');
    cancellationSignal.addEventListener('abort', () => log.info('Asked to end'));
    await new Promise(() => undefined);
  },

  /** The status with which KuFlow refuses to return a process. */
  async statusOfUnknownProcess(): Promise<unknown> {
    return kuflow.retrieveProcess({ processId: '00000000-0000-4000-8000-000000000000' }).then(
      () => 200,
      (error: unknown) => (error as { status?: number }).status,
    );
  },
});

export type TaskActivities = ReturnType<typeof createTaskActivities>;

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'kuflow-trial-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

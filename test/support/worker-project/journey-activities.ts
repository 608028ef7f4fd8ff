// Added to a generated project by the end-to-end tests.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KuFlowClient } from 'kuflow-worker';

export interface StampedContract {
  readonly stamped: string;
  readonly reviewer: string;
}

export const createJourneyActivities = ({ kuflow }: { readonly kuflow: KuFlowClient }) => ({
  /** The principal of this worker. */
  async ownApplication(): Promise<string> {
    return kuflow.applicationId;
  },

  /** Uploads a copy of the contract with the name of the reviewer at its end. */
  async stampContract(input: {
    readonly processId: string;
    readonly contract: string;
    readonly reviewerId: string;
  }): Promise<StampedContract> {
    const { principal } = await kuflow.retrievePrincipal({ principalId: input.reviewerId });
    const folder = await mkdtemp(join(tmpdir(), 'kuflow-journey-'));
    try {
      const path = join(folder, 'stamped.txt');
      await kuflow.documents.download(input.contract, path);
      const reviewer = principal.name ?? '';
      await writeFile(path, Buffer.concat([await readFile(path), Buffer.from(`For ${reviewer}`)]));
      const stamped = await kuflow.documents.upload(path, { processId: input.processId, contentType: 'text/plain' });
      return { stamped, reviewer };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

export type JourneyActivities = ReturnType<typeof createJourneyActivities>;

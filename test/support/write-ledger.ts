import { uuid7 } from '../../src/base/uuid.ts';
import { createKuFlowClient, type KuFlowClient } from '../../src/kuflow/client.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { userOf } from './loan-process.ts';

/** What a writer knows about a process: acknowledged writes, and the write in flight when the platform died. */
interface Entry {
  readonly processId: string;
  created: boolean;
  readonly itemId: string;
  itemCreated: boolean;
  itemClaimed: boolean;
  itemCompleted: boolean;
  /** Values of the metadata: requested and acknowledged. */
  asked: string;
  saved: string | undefined;
}

export interface Ledger {
  /** Writes with several concurrent writers, as user and as application, until the platform no longer answers. Resolves when all have stopped. */
  write(state: PlatformState, writers: number): Promise<void>;
  /** Total number of acknowledged writes. */
  acknowledged(): number;
  /** Reads back what was written since the last check, or everything, and returns a sentence for each acknowledged write that is missing. */
  lost(state: PlatformState, which: 'new' | 'all'): Promise<readonly string[]>;
  /** Acknowledged processes, with their item if its completion was acknowledged. */
  readonly forEngine: () => readonly { readonly processId: string; readonly completedItem: string | undefined }[];
}

/** Records what a platform acknowledged, to verify it after the platform died. */
export function openLedger(): Ledger {
  const entries: Entry[] = [];
  let checked = 0;
  let acknowledged = 0;

  async function one(user: KuFlowClient, application: KuFlowClient, tenantId: string): Promise<void> {
    const entry: Entry = {
      processId: uuid7(),
      itemId: uuid7(),
      created: false,
      itemCreated: false,
      itemClaimed: false,
      itemCompleted: false,
      asked: '',
      saved: undefined,
    };
    entries.push(entry);
    const { processId, itemId } = entry;
    const save = async (value: string): Promise<void> => {
      entry.asked = value;
      await user.updateProcessMetadata(processId, { firstName: value });
      entry.saved = value;
      acknowledged++;
    };
    await user.createProcess({ id: processId, processDefinitionCode: 'LOAN', tenantId });
    entry.created = true;
    acknowledged++;
    await save('first');
    const code = 'LOAN_APPLICATION';
    await application.createProcessItem({ id: itemId, type: 'TASK', processId, processItemDefinitionCode: code });
    entry.itemCreated = true;
    acknowledged++;
    await save('second');
    await user.claimProcessItemTask(itemId);
    entry.itemClaimed = true;
    acknowledged++;
    await user.updateProcessItemTaskData(itemId, { firstName: 'A', lastName: 'B', currency: 'EUR', amount: 1 });
    await user.completeProcessItemTask(itemId);
    entry.itemCompleted = true;
    acknowledged += 2;
    await save('third');
  }

  async function lostOf(user: KuFlowClient, entry: Entry): Promise<readonly string[]> {
    const lost: string[] = [];
    if (entry.created) {
      const { metadata } = await user.retrieveProcess(entry.processId);
      const value = metadata?.value['firstName'] as string | undefined;
      // The write in flight may have been done without being acknowledged.
      if (value !== entry.saved && value !== entry.asked)
        lost.push(`process ${entry.processId}: saved ${entry.saved ?? 'nothing'}, found ${value ?? 'nothing'}`);
    }
    if (entry.itemCreated) {
      const { task } = await user.retrieveProcessItem(entry.itemId);
      const allowed = entry.itemCompleted ? ['COMPLETED'] : entry.itemClaimed ? ['CLAIMED', 'COMPLETED'] : undefined;
      if (allowed !== undefined && !allowed.includes(task?.state ?? ''))
        lost.push(`item ${entry.itemId}: should be ${allowed.join(' or ')}, is ${task?.state ?? 'nothing'}`);
    }
    return lost;
  }

  return {
    acknowledged: () => acknowledged,
    forEngine: () =>
      entries
        .filter(({ created }) => created)
        .map(({ processId, itemId, itemCompleted }) => ({
          processId,
          completedItem: itemCompleted ? itemId : undefined,
        })),
    write: async (state, writers) => {
      const once = { attempts: 1 };
      const user = createKuFlowClient({
        endpoint: state.loopback.http,
        credentials: { token: state.user.token },
        retry: once,
      });
      const application = createKuFlowClient({
        endpoint: state.loopback.http,
        credentials: { clientId: state.application.id, clientSecret: state.application.secret },
        retry: once,
      });
      const writer = async (): Promise<void> => {
        try {
          for (;;) await one(user, application, state.tenantId);
        } catch (error) {
          // Only the platform's death may stop a writer; a rejected write fails the test.
          if (error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status >= 400)
            throw error;
        }
      };
      try {
        await Promise.all(Array.from({ length: writers }, writer));
      } finally {
        await user.close();
        await application.close();
      }
    },
    lost: async (state, which) => {
      const user = userOf(state);
      const lost: string[] = [];
      try {
        for (const entry of entries.slice(which === 'all' ? 0 : checked)) lost.push(...(await lostOf(user, entry)));
        checked = entries.length;
      } catch (error) {
        lost.push(String(error));
      } finally {
        await user.close();
      }
      return lost;
    },
  };
}

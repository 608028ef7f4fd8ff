import { uuid7 } from '../../src/base/uuid.ts';
import { createKuFlowClient, type KuFlowClient } from '../../src/kuflow/client.ts';
import type { PlatformState } from '../../src/platform/state-file.ts';
import { userOf } from './loan-process.ts';

/** What a writer knows of one process: what was acknowledged, and what was under way when the platform died. */
interface Entry {
  readonly processId: string;
  created: boolean;
  readonly itemId: string;
  itemCreated: boolean;
  itemClaimed: boolean;
  itemCompleted: boolean;
  /** Values of the metadata: asked for, and acknowledged. */
  asked: string;
  saved: string | undefined;
}

export interface Ledger {
  /** Writes by several writers at once, as user and as application, until the platform answers no more. Resolves when each has stopped. */
  write(state: PlatformState, writers: number): Promise<void>;
  /** How many writes were acknowledged in all. */
  acknowledged(): number;
  /** Reads back what was written since the last check, or everything; a sentence for each acknowledged write that is not there. */
  lost(state: PlatformState, which: 'new' | 'all'): Promise<readonly string[]>;
  /** Processes that were acknowledged, with their item if its completion was. */
  readonly forEngine: () => readonly { readonly processId: string; readonly completedItem: string | undefined }[];
}

/** Remembers what a platform acknowledged, to hold it to that after it died. */
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
      // The write under way may have been done without its acknowledgement.
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
          // Only its death may stop a writer: an answer that says no is for the test.
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

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import {
  createProcessItem,
  findProcessItems,
  retrieveProcessItem,
} from '../../../../src/platform/domain/process-items.ts';
import {
  cancelProcess,
  cancelProcessItems,
  completeProcess,
  deleteProcess,
  findProcesses,
  getProcessTimeline,
  recordWorkflowOutcome,
  retrieveProcess,
  updateProcessValue,
} from '../../../../src/platform/domain/processes.ts';
import { createWorld, type World } from './world.ts';
import { refused, thrown } from './refusals.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.destroy());

const start = (): string =>
  createProcess(world.user, { tenantId: world.identity.tenantId, processDefinitionCode: 'LOAN' }).process.id;
const task = (processId: string): string =>
  createProcessItem(world.worker, { type: 'TASK', processId, processItemDefinitionCode: 'APPLICATION' }).processItem.id;
const engineCalls = async (): Promise<string[]> => {
  await world.outbox.whenIdle();
  return world.calls.map(({ call }) => call);
};

describe('a deleted process', () => {
  it('can still be read by id with its items, but not be changed', () => {
    const id = start();
    const item = task(id);
    cancelProcess(world.user, id);
    deleteProcess(world.user, id);
    const deletion = { deletedBy: world.user.principal.id, deletedAt: expect.stringMatching(/Z$/) as string };
    expect(retrieveProcess(world.user, id)).toMatchObject({ state: 'CANCELLED', ...deletion });
    expect(retrieveProcessItem(world.user, item)).toMatchObject(deletion);
    expect(getProcessTimeline(world.domain, id).at(-1)).toMatchObject({ kind: 'process-deleted' });
    const before = retrieveProcess(world.user, id);
    deleteProcess(world.otherUser, id);
    expect(retrieveProcess(world.user, id)).toEqual(before);
    expect(thrown(() => updateProcessValue(world.user, id, 'entity', { value: {} }))).toEqual(refused(403));
    expect(createProcess(world.user, { id, tenantId: uuid7(), processDefinitionCode: 'X' }).created).toBe(false);
  });

  it('must have ended and have no open tasks', () => {
    const id = start();
    expect(thrown(() => deleteProcess(world.user, id))).toEqual(refused(409, 'RUNNING'));
    const item = task(id);
    const other = start();
    task(other);
    completeProcess(world.user, other);
    expect(thrown(() => deleteProcess(world.user, other))).toEqual(refused(409, 'still open'));
    cancelProcessItems(world.user, id, [item]);
    completeProcess(world.user, id);
    deleteProcess(world.user, id);
    expect(retrieveProcess(world.user, id).deletedAt).toBeDefined();
    expect(thrown(() => deleteProcess(world.user, uuid7()))).toEqual(refused(404));
  });

  it('cancels a workflow that is still running after its process was completed', async () => {
    const [completed, canceled, ended] = [start(), start(), start()];
    completeProcess(world.user, completed);
    cancelProcess(world.user, canceled);
    recordWorkflowOutcome(world.domain, ended, { kind: 'completed', result: null });
    expect(await engineCalls()).toEqual(['start', 'start', 'start', 'cancel']);
    for (const id of [completed, canceled, ended]) deleteProcess(world.user, id);
    expect((await engineCalls()).slice(4)).toEqual(['cancel']);
    expect(world.calls.at(-1)).toMatchObject({
      workflowId: completed,
      reason: 'The process was deleted by Local user',
    });
  });

  it('is found only on request, and only in a search for one process definition', () => {
    const [kept, gone] = [start(), start()];
    const [keptItem, goneItem] = [task(kept), task(gone)];
    cancelProcess(world.user, gone);
    deleteProcess(world.user, gone);
    const found = (query: object): [string[], string[]] => {
      const paged = { size: 25, page: 0, ...query };
      const processes = findProcesses(world.user, paged).content;
      const items = findProcessItems(world.user, paged).content;
      for (const one of [...processes, ...items])
        expect(one.deletedAt !== undefined).toBe([gone, goneItem].includes(one.id));
      return [processes.map(({ id }) => id), items.map(({ id }) => id)];
    };
    const [first] = world.domain.definitions.all;
    const byId = { processDefinitionId: [first?.ref.id ?? ''] };
    const byCode = { processDefinitionCode: ['LOAN'], tenantId: [world.identity.tenantId] };
    const onlyKept = [[kept], [keptItem]];
    expect(found({})).toEqual(onlyKept);
    expect(found({ ...byId, deleted: 'EXCLUDE' })).toEqual(onlyKept);
    for (const query of [byId, byCode]) {
      expect(found({ ...query, deleted: 'INCLUDE' })).toEqual([
        [kept, gone],
        [keptItem, goneItem],
      ]);
      expect(found({ ...query, deleted: 'ONLY' })).toEqual([[gone], [goneItem]]);
    }
    for (const query of [{}, { processDefinitionCode: ['LOAN'] }, { processDefinitionId: [uuid7(), first?.ref.id] }]) {
      expect(found({ ...query, deleted: 'INCLUDE' })).toEqual(onlyKept);
      expect(found({ ...query, deleted: 'ONLY' })).toEqual([[], []]);
    }
    const expression = { ...byId, metadata: ['FIRST_NAME eq Ann'], deleted: 'ONLY' } as const;
    expect(findProcesses(world.user, { size: 25, page: 0, ...expression }).content).toEqual([]);
  });
});

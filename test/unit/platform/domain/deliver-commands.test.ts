import { afterEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import { completeTask, createProcessItem } from '../../../../src/platform/domain/process-items.ts';
import { cancelProcess } from '../../../../src/platform/domain/processes.ts';
import { createWorld, type EngineCall, type World, type WorldOptions } from './world.ts';

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

let world: World | undefined;
afterEach(() => world?.destroy());

const open = (options: WorldOptions): World => (world = createWorld(options));
const start = ({ user, identity }: World, id = uuid7()): string =>
  createProcess(user, { id, tenantId: identity.tenantId, processDefinitionCode: 'LOAN' }).process.id;

describe('the outbox', () => {
  it('retries a command until the engine accepts it, in order, without delaying other processes', async () => {
    let refusals = 3;
    const stuck = uuid7();
    const { promise: othersDone, resolve } = deferred();
    const at = open({
      before: async ({ workflowId, call }) => {
        if (workflowId !== stuck) {
          resolve();
          return;
        }
        // Nothing of this process may pass the start that fails.
        if (call === 'start') await othersDone;
        if (call === 'start' && refusals-- > 0) throw new Error('The engine is away');
      },
    });
    start(at, stuck);
    const item = createProcessItem(at.worker, {
      type: 'TASK',
      processId: stuck,
      processItemDefinitionCode: 'SCORE',
      ownerId: at.worker.principal.id,
    });
    completeTask(at.worker, item.processItem.id);
    const other = start(at);
    cancelProcess(at.user, stuck);
    await at.outbox.whenIdle();
    expect(at.calls.map(({ call, workflowId }) => [call, workflowId === stuck])).toEqual([
      ['start', false],
      ['start', true],
      ['signal', true],
      ['cancel', true],
    ]);
    expect(at.calls[0]?.workflowId).toBe(other);
    expect(refusals).toBe(-1);
    expect(at.events.filter(({ kind }) => kind === 'warning')).toHaveLength(1);
  });

  it('keeps undelivered commands after a restart, and stops during a pause', async () => {
    const { promise: tried, resolve } = deferred();
    const first = open({
      before: () => {
        resolve();
        throw new Error('The engine is away');
      },
    });
    const id = start(first);
    await tried;
    await first.stop();
    expect(first.calls).toEqual([]);
    const second = open({ folder: first.folder });
    await second.outbox.whenIdle();
    expect(second.calls.map(({ call, workflowId }: EngineCall) => [call, workflowId])).toEqual([['start', id]]);
    await second.stop();
    const third = open({ folder: first.folder });
    await third.outbox.whenIdle();
    expect(third.calls).toEqual([]);
  });

  it('starts a process at once while many canceled workflows are still open', async () => {
    const { promise: started, resolve: starts } = deferred();
    const { promise: ended, resolve: end } = deferred();
    const late = uuid7();
    const at = open({
      before: async (call) => {
        if (call.workflowId === late) starts();
        if (call.call !== 'cancel') return;
        call.requested();
        await ended;
      },
    });
    const ids = Array.from({ length: 40 }, () => start(at));
    await at.outbox.whenIdle();
    for (const id of ids) cancelProcess(at.user, id);
    start(at, late);
    await started;
    expect(at.calls.filter(({ call }) => call === 'cancel')).toEqual([]);
    end();
    await at.outbox.whenIdle();
    expect(at.calls.filter(({ call }) => call === 'cancel')).toHaveLength(40);
  });

  it('stops while it waits for a canceled workflow, and cancels it again after a restart', async () => {
    const { promise: asked, resolve } = deferred();
    const first = open({
      before: (call) => {
        if (call.call !== 'cancel') return undefined;
        call.requested();
        resolve();
        return new Promise((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(call.signal.reason as Error));
        });
      },
    });
    const id = start(first);
    cancelProcess(first.user, id);
    await asked;
    await first.stop();
    expect(first.events.filter(({ kind }) => kind === 'warning')).toEqual([]);
    const second = open({ folder: first.folder });
    await second.outbox.whenIdle();
    expect(second.calls.map(({ call, workflowId }) => [call, workflowId])).toEqual([['cancel', id]]);
  });

  it('stops although a call to the engine never returns, and repeats it after a restart', async () => {
    const { promise: called, resolve } = deferred();
    const first = open({
      clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
      before: () => {
        resolve();
        return new Promise(() => undefined);
      },
    });
    const id = start(first);
    await called;
    await first.stop();
    const second = open({ folder: first.folder });
    await second.outbox.whenIdle();
    expect(second.calls.map(({ call, workflowId }) => [call, workflowId])).toEqual([['start', id]]);
  });

  it('serves more processes than its concurrency', async () => {
    const at = open({});
    const ids = Array.from({ length: 40 }, () => start(at));
    await at.outbox.whenIdle();
    expect(at.calls.map(({ workflowId }) => workflowId).toSorted()).toEqual(ids.toSorted());
  });
});

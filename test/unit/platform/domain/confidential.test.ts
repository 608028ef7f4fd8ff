import { afterEach, describe, expect, it } from 'vitest';

import { retrieveKmsKey } from '../../../../src/platform/domain/confidential.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import { completeTask, createProcessItem } from '../../../../src/platform/domain/process-items.ts';
import { PROCESSES } from '../../../../src/platform/store/processes.ts';
import type { ProcessDefinition } from '../../../../src/process/definition.ts';
import { refused, thrown } from './refusals.ts';
import { createWorld, LOAN, type World } from './world.ts';

const confidential = (code = 'LOAN'): ProcessDefinition => ({ ...LOAN, process: { code, confidential: true } });

let world: World;
afterEach(() => world.destroy());

const start = (code = 'LOAN'): string =>
  createProcess(world.user, { tenantId: world.identity.tenantId, processDefinitionCode: code }).process.id;
const keyOf = (id: string): string | undefined => PROCESSES.findById(world.store.sql, id)?.encryptionKeyId;

describe('a confidential process', () => {
  it('uses the key of its definition, which is created once and survives a restart', async () => {
    world = createWorld({ definitions: [confidential(), confidential('OTHER')] });
    const [first, second, other] = [start(), start(), start('OTHER')].map(keyOf);
    expect(first).toBeDefined();
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    const { value } = retrieveKmsKey(world.worker, first ?? '');
    expect(Buffer.from(value, 'base64')).toHaveLength(32);
    await world.stop();
    world = createWorld({ folder: world.folder, definitions: [confidential()] });
    expect(keyOf(start())).toBe(first);
    expect(retrieveKmsKey(world.worker, first ?? '').value).toBe(value);
  });

  it('is started and signaled with its key, and an ordinary one without a key', async () => {
    world = createWorld({ definitions: [confidential(), { ...LOAN, process: { code: 'PLAIN' } }] });
    const ids = [start(), start('PLAIN')];
    for (const processId of ids) {
      const { processItem } = createProcessItem(world.worker, {
        ...{ type: 'TASK', processId, processItemDefinitionCode: 'SCORE', ownerId: world.worker.principal.id },
      });
      completeTask(world.worker, processItem.id);
    }
    await world.outbox.whenIdle();
    const seen = ids.map((id) =>
      world.calls
        .filter(({ workflowId }) => workflowId === id)
        .map((call) => [call.call, 'encryptionKeyId' in call ? call.encryptionKeyId : undefined]),
    );
    const key = keyOf(ids[0] ?? '');
    expect(seen).toEqual([
      [
        ['start', key],
        ['signal', key],
      ],
      [
        ['start', undefined],
        ['signal', undefined],
      ],
    ]);
  });

  it('keeps the setting that it was started with when its definition changes', () => {
    world = createWorld({ definitions: [LOAN] });
    const plain = start();
    world.domain.definitions.replace([confidential()], []);
    const secret = start();
    world.domain.definitions.replace([LOAN], []);
    const plainAgain = start();
    expect([plain, secret, plainAgain].map((id) => keyOf(id) !== undefined)).toEqual([false, true, false]);
  });
});

describe('retrieveKmsKey', () => {
  it('is allowed only for the application, and rejects unknown keys', () => {
    world = createWorld({ definitions: [confidential()] });
    const key = keyOf(start()) ?? '';
    expect(thrown(() => retrieveKmsKey(world.user, key))).toEqual(refused(403, 'only applications with a role'));
    expect(thrown(() => retrieveKmsKey(world.user, 'unknown'))).toEqual(refused(403));
    expect(thrown(() => retrieveKmsKey(world.worker, 'unknown'))).toEqual(refused(404, 'No key with ID unknown'));
  });
});

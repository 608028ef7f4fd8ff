import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import { createProcess } from '../../../../src/platform/domain/process-creation.ts';
import { changeProcessInitiator, completeProcess, findProcesses } from '../../../../src/platform/domain/processes.ts';
import { createWorld, type World } from './world.ts';
import { refused, thrown } from './refusals.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.destroy());

const start = (more: object = {}): string =>
  createProcess(world.user, { tenantId: world.identity.tenantId, processDefinitionCode: 'LOAN', ...more }).process.id;

describe('findProcesses', () => {
  it('filters, sorts and pages', () => {
    const ids = Array.from({ length: 5 }, () => start());
    const [first = '', second = ''] = ids;
    completeProcess(world.user, first);
    changeProcessInitiator(world.user, second, { initiatorEmail: world.other.principal.email });
    const found = (query: object): string[] =>
      findProcesses(world.user, { size: 25, page: 0, ...query }).content.map(({ id }) => id);
    expect(found({})).toEqual(ids);
    expect(found({ state: ['COMPLETED'] })).toEqual([first]);
    expect(found({ initiatorEmail: [world.other.principal.email] })).toEqual([second]);
    expect(found({ initiatorEmail: ['no@example.com'] })).toEqual([]);
    expect(found({ initiatorId: [world.other.principal.id] })).toEqual([second]);
    expect(found({ tenantId: [uuid7()] })).toEqual([]);
    expect(
      found({ processDefinitionCode: ['LOAN'], processDefinitionId: [world.domain.definitions.all[0]?.ref.id ?? ''] }),
    ).toHaveLength(5);
    expect(found({ sort: ['createdAt,desc'] })).toEqual([...ids].reverse());
    expect(found({ sort: ['id', 'createdAt,desc'] })).toEqual([...ids].sort());
    expect(findProcesses(world.user, { size: 2, page: 2 })).toMatchObject({
      metadata: { size: 2, page: 2, totalElements: 5, totalPages: 3 },
      content: [{ id: ids[4] }],
    });
    expect(findProcesses(world.user, { size: 0, page: 0 })).toEqual({
      metadata: { size: 0, page: 0, totalElements: 5, totalPages: 0 },
      content: [],
    });
    for (const page of [3, 2 ** 53, 1e300]) {
      expect(findProcesses(world.user, { size: 2, page })).toEqual({
        metadata: { size: 2, page, totalElements: 5, totalPages: 3 },
        content: [],
      });
    }
    expect(thrown(() => found({ sort: ['name'] }))).toEqual(refused(400, 'createdAt'));
    expect(thrown(() => found({ sort: ['id,up'] }))).toEqual(refused(400));
  });

  it('filters by metadata if there is exactly one definition', () => {
    const amounts = [5, 10, 20];
    const ids = amounts.map((AMOUNT) =>
      start({ metadata: { value: { FIRST_NAME: `Ann Lee ${AMOUNT}`, AMOUNT, TAGS: ['a', 'b'] } } }),
    );
    const found = (...metadata: string[]): number[] =>
      findProcesses(world.user, { size: 25, page: 0, processDefinitionCode: ['LOAN'], metadata }).content.map(
        ({ id }) => ids.indexOf(id),
      );
    expect(found('AMOUNT eq 10')).toEqual([1]);
    expect(found('AMOUNT le 10')).toEqual([0, 1]);
    expect(found('AMOUNT ge 10', 'AMOUNT le 15')).toEqual([1]);
    expect(found('AMOUNT between 6 30')).toEqual([1, 2]);
    expect(found('AMOUNT in 5 20')).toEqual([0, 2]);
    expect(found('FIRST_NAME eq Ann%20Lee%205')).toEqual([0]);
    expect(found('FIRST_NAME contains lee')).toEqual([0, 1, 2]);
    expect(found('TAGS eq b')).toEqual([0, 1, 2]);
    expect(found('NONE eq b')).toEqual([]);
    expect(
      findProcesses(world.user, { size: 1, page: 1, processDefinitionCode: ['LOAN'], metadata: ['AMOUNT ge 1'] }),
    ).toMatchObject({ metadata: { totalElements: 3, totalPages: 3 }, content: [{ id: ids[1] }] });
    expect(thrown(() => findProcesses(world.user, { size: 1, page: 0, metadata: ['AMOUNT ge 1'] }))).toEqual(
      refused(400, 'exactly one'),
    );
    expect(thrown(() => found('AMOUNT between 1'))).toEqual(refused(400));
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openActors } from '../../../../../src/commands/dev/simulate/complete-tasks.ts';
import type { PlatformState } from '../../../../../src/platform/state/running-state.ts';
import { listPeople } from '../../../../../src/platform/domain/people.ts';
import { loadRequestedPeople } from '../../../../../src/platform/session/start-dev-platform.ts';
import { temporaryFolders } from '../../../../support/temporary-folder.ts';
import { createRest } from '../../../platform/rest/server.ts';

const newFolder = temporaryFolders();

const PEOPLE = `users:
  - { email: ada@example.com, name: Ada }
  - { email: bob@example.com, name: Bob, groups: [RISK] }
  - { email: eva@example.com, name: Eva, groups: [RISK] }
groups:
  - { code: RISK, name: Risk }
`;

function writePeople(): { readonly folder: string; readonly file: string } {
  const folder = newFolder();
  const file = join(folder, 'kuflow.people.yaml');
  writeFileSync(file, PEOPLE);
  return { folder, file };
}

it('reads kuflow.people.yaml of the folder, or the file that is passed', async () => {
  const { folder, file } = writePeople();
  const people = await loadRequestedPeople({ cwd: folder, peopleFile: undefined });
  expect(people?.users).toHaveLength(3);
  expect(await loadRequestedPeople({ cwd: newFolder(), peopleFile: file })).toEqual(people);
  expect(await loadRequestedPeople({ cwd: join(folder, 'other'), peopleFile: undefined })).toBeUndefined();
  await expect(loadRequestedPeople({ cwd: folder, peopleFile: 'team.yaml' })).rejects.toThrow('People file not found');
});

it('a simulation acts as the owner of a task, or else as the first user who may claim it', async () => {
  const people = await loadRequestedPeople({ cwd: writePeople().folder, peopleFile: undefined });
  if (people === undefined) throw new Error('There are no people');
  const rest = createRest({ people });
  const http = await rest.app.listen({ host: '127.0.0.1', port: 0 });
  const { user, tenantId } = rest.world.identity;
  const state = { loopback: { http, https: http }, tenantId, user } as unknown as PlatformState;
  const actors = await openActors(state, AbortSignal.timeout(30_000));
  try {
    const nameOf = async (task: Parameters<typeof actors.find>[0]) => {
      const actor = actors.find(task);
      // The client signs in as that user.
      return actor === undefined ? undefined : (await actor.user.retrievePrincipal(actor.principalId)).name;
    };
    const [, , eva] = listPeople(rest.world.domain).users;
    expect(await nameOf({})).toBe('Ada');
    expect(await nameOf({ candidates: ['RISK'] })).toBe('Bob');
    expect(await nameOf({ candidates: ['EVA@example.com'] })).toBe('Eva');
    expect(await nameOf({ candidates: ['RISK'], ownerId: eva?.principalId })).toBe('Eva');
    expect(await nameOf({ candidates: ['TAX'] })).toBeUndefined();
    expect(await nameOf({ ownerId: rest.world.identity.application.id })).toBeUndefined();
  } finally {
    await actors.close();
    await rest.stop();
  }
});

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { LocalPeople, PlatformStatus, ServedDefinitions, ServedProcess } from '../platform/shared/dev-contract.ts';
import type { ProcessItem } from '../kuflow/contract/process-items.ts';
import type { PrincipalPageItem } from '../kuflow/contract/people.ts';
import type { TaskDefinition } from '../process/definition.ts';
import { callApi } from './api.ts';
import { setPlatformTime } from './parts/ago.tsx';
import { useApi, useData } from './live/use-data.ts';
import { KUFLOW } from './project-commands.ts';
import { shortId } from './text/commands.ts';

export type AppData = ReturnType<typeof useAppData>;

const NOBODY: LocalPeople = { users: [], groups: [] };

export const AppDataContext = createContext<AppData | undefined>(undefined);

export function useApp(): AppData {
  const data = useContext(AppDataContext);
  if (data === undefined) throw new Error('A view is shown outside of the console');
  return data;
}

/** `key` changes with the token. */
export function useAppData(key: string) {
  const status = useData(
    `status ${key}`,
    async (signal) => {
      const read = await callApi<PlatformStatus>('GET', '/_dev/status', { signal });
      setPlatformTime(read.clock.now);
      return read;
    },
    {
      affectedBy: ({ kind }) => kind === 'ready' || kind === 'warning' || kind === 'clock-changed',
    },
  );
  const definitions = useApi<ServedDefinitions>('/_dev/definitions', {
    affectedBy: ({ kind }) => kind === 'definitions-changed' || kind === 'definition-problem',
  });
  const everybody = useData(`people ${key}`, async (signal) => {
    const [people, principals] = await Promise.all([
      callApi<LocalPeople>('GET', '/_dev/users', { signal }),
      callApi<{ content: PrincipalPageItem[] }>('GET', '/principals', { query: { size: 1000 }, signal }),
    ]);
    return { people, principals: principals.content };
  });
  const people = everybody.data?.people ?? NOBODY;
  const names = new Map<string, string>();
  for (const { id, name } of everybody.data?.principals ?? [])
    if (id !== undefined && name !== undefined) names.set(id, name);
  for (const { principalId, name } of people.users) names.set(principalId, name);
  const principalId = status.data?.principal.id;
  const me = people.users.find((user) => user.principalId === principalId);
  const isDefault = me === undefined || me === people.users[0];
  return {
    status,
    definitions,
    people,
    /** The user whose token the console uses. */
    me,
    /** Of users and applications, by the ids of their principals. */
    names: names as ReadonlyMap<string, string>,
    commandOptions: { kuflow: KUFLOW, as: isDefault ? undefined : me.email },
  };
}

export const OPEN_STATES: readonly string[] = ['READY', 'CLAIMED'];

/** The name of a user or an application, or the end of its id if the name is not known. */
export function nameOfPrincipal({ names }: AppData, id: string | undefined): string | undefined {
  return id === undefined ? undefined : (names.get(id) ?? `…${shortId(id)}`);
}

export function servedProcess(app: AppData, code: string | undefined): ServedProcess | undefined {
  return app.definitions.data?.definitions.find((process) => process.code === code);
}

/** What the definition says about a task, message or thread. */
export function taskOf(
  definition: ServedProcess | undefined,
  item: Pick<ProcessItem, 'processItemDefinitionRef'>,
): TaskDefinition | undefined {
  return definition?.tasks.find(({ code }) => code === item.processItemDefinitionRef?.code);
}

import { isRecord, withoutUndefined } from '../../base/json.ts';
import { didYouMean } from '../../base/near-match.ts';
import { parseDataFile, readDataFile, type DataFileKind } from '../data-file.ts';
import {
  findDuplicates,
  findFormProblems,
  findNonJsonProblems,
  formatDataValue,
  formatKeyPath,
  itemsAt,
  type DataProblem,
} from '../data-problem.ts';
import { peopleForm } from '../validators.ts';
import { EMAIL_PATTERN, EVERYBODY_GROUP, GROUP_CODE_PATTERN, type PeopleFile, type PeopleSeed } from '../people.ts';

/** The file with the users and groups of a local KuFlow, next to the definition file of the first process. */
export const PEOPLE_FILE = 'kuflow.people.yaml';

const KIND: DataFileKind = {
  content: 'list of users and groups',
  invalid: 'is not a valid list of users and groups:',
  file: 'people file',
  usualName: PEOPLE_FILE,
};

/**
 * Reads a file with users and groups, YAML or JSON. Throws a KnownError that lists every problem as `file:line:column reason`: syntax errors,
 * unknown keys, wrong types, duplicate emails and codes, and groups that the file does not contain.
 */
export async function loadPeople(path: string): Promise<PeopleSeed> {
  return await parsePeople(await readDataFile(path, KIND), path);
}

/** Like `loadPeople`, for the text of a file. `fileName` is used in messages. */
export async function parsePeople(text: string, fileName: string): Promise<PeopleSeed> {
  const file = await parseDataFile<PeopleFile>(text, fileName, KIND, findPeopleProblems);
  const { users, groups = [], 'process-managers': processManagers } = file;
  return withoutUndefined({
    users: users.map((user) => ({ ...user, groups: user.groups ?? [] })),
    groups,
    processManagers,
  });
}

function findPeopleProblems(value: unknown): readonly DataProblem[] {
  const nonJson = findNonJsonProblems(value);
  if (nonJson.length > 0) return nonJson;
  return [
    ...findFormProblems(value, peopleForm, {
      [EMAIL_PATTERN]: 'must be an email address, not',
      [GROUP_CODE_PATTERN]: 'must not contain whitespace or @:',
    }),
    ...findDuplicates(value, ['users', 'email'], formatKeyPath, (email) => email.toLowerCase()),
    ...findDuplicates(value, ['groups', 'code']),
    ...findReservedGroups(value),
    ...findUnknownGroups(value),
    ...findUnknownManagers(value),
  ];
}

function textsOf(value: unknown, list: 'users' | 'groups', key: string): readonly string[] {
  return itemsAt(value, list).flatMap((item) => (isRecord(item) && typeof item[key] === 'string' ? [item[key]] : []));
}

function findReservedGroups(value: unknown): readonly DataProblem[] {
  return itemsAt(value, 'groups').flatMap((group, at) => {
    if (!isRecord(group) || group['code'] !== EVERYBODY_GROUP) return [];
    const path = ['groups', String(at), 'code'];
    return [
      { path, reason: `${formatKeyPath(path)} ${EVERYBODY_GROUP} is the group of all users, which always exists` },
    ];
  });
}

function findUnknownManagers(value: unknown): readonly DataProblem[] {
  const managers = isRecord(value) ? value['process-managers'] : undefined;
  const emails = textsOf(value, 'users', 'email').map((email) => email.toLowerCase());
  const codes = textsOf(value, 'groups', 'code');
  return (Array.isArray(managers) ? (managers as readonly unknown[]) : []).flatMap((manager, at) => {
    if (typeof manager !== 'string' || manager.trim() === '') return [];
    const isKnown = manager.includes('@')
      ? emails.includes(manager.toLowerCase())
      : manager === EVERYBODY_GROUP || codes.includes(manager);
    const path = ['process-managers', String(at)];
    const reason = `${formatKeyPath(path)} ${formatDataValue(manager)} is not a user or a group in this file`;
    return isKnown ? [] : [{ path, reason }];
  });
}

function findUnknownGroups(value: unknown): readonly DataProblem[] {
  const codes = textsOf(value, 'groups', 'code');
  return itemsAt(value, 'users').flatMap((user, at) =>
    (isRecord(user) && Array.isArray(user['groups']) ? (user['groups'] as readonly unknown[]) : []).flatMap(
      (code, index) => {
        if (typeof code !== 'string' || code.trim() === '' || (codes.includes(code) && code !== EVERYBODY_GROUP))
          return [];
        const path = ['users', String(at), 'groups', String(index)];
        const reason =
          code === EVERYBODY_GROUP
            ? `${formatKeyPath(path)} ${EVERYBODY_GROUP} is the group of all users: leave it out`
            : `${formatKeyPath(path)} ${formatDataValue(code)} is not a group in this file${didYouMean(code, codes)}`;
        return [{ path, reason }];
      },
    ),
  );
}

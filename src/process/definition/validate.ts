import { UUID_PATTERN } from '../../base/is-uuid.ts';
import { isRecord, pointerStep, valueAt } from '../../base/json.ts';
import { formatAlternatives } from '../../base/near-match.ts';
import { isSecureEnough } from '../../kuflow/endpoint.ts';
import {
  findDuplicates,
  findFormProblems,
  findNonJsonProblems,
  formatDataValue,
  formatKeyPath,
  itemsAt,
  type DataProblem,
} from '../data-problem.ts';
import { ACTION_KEYS, TASK_QUEUE_PATTERN, WEBHOOK_URL_PATTERN, type ActionType } from '../definition.ts';
import { findSchemaProblems } from './validate-schema.ts';
import { definitionForm } from '../validators.ts';

/** All problems of the parsed content of a definition file. */
export async function findDefinitionProblems(value: unknown): Promise<readonly DataProblem[]> {
  const nonJson = findNonJsonProblems(value);
  if (nonJson.length > 0) return nonJson;
  return [
    ...findFormProblems(value, definitionForm, {
      [TASK_QUEUE_PATTERN]: 'must not begin or end with whitespace:',
      [UUID_PATTERN]: 'must be a UUID, not',
      [WEBHOOK_URL_PATTERN]: 'must be an http or https URL, not',
    }),
    ...findTwoEngines(value),
    ...findWebhookProblems(value),
    ...findDuplicateCodes(value, 'tasks'),
    ...findDuplicateCodes(value, 'actions'),
    ...findActionProblems(value),
    ...findMisplacedCandidates(value),
    ...(await findInvalidSchemas(value)),
  ];
}

function findTwoEngines(value: unknown): readonly DataProblem[] {
  if (valueAt(value, '/webhook') === undefined || valueAt(value, '/workflow') === undefined) return [];
  return [{ path: [], key: 'webhook', reason: 'webhook cannot be combined with workflow: leave one of them out' }];
}

/** What the pattern cannot express. */
function findWebhookProblems(value: unknown): readonly DataProblem[] {
  const text = valueAt(value, '/webhook/url');
  if (typeof text !== 'string' || !new RegExp(WEBHOOK_URL_PATTERN).test(text)) return [];
  const refuse = (reason: string): readonly DataProblem[] => [
    { path: ['webhook', 'url'], reason: `webhook.url ${reason}` },
  ];
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return refuse(`must be an http or https URL, not ${formatDataValue(text)}`);
  }
  if (url.username !== '' || url.password !== '') return refuse('must not contain credentials');
  return isSecureEnough(url) ? [] : refuse(`must start with https: because ${url.hostname} is another machine`);
}

function findDuplicateCodes(value: unknown, list: 'tasks' | 'actions'): readonly DataProblem[] {
  return findDuplicates(value, [list, 'code'], () => `${list.slice(0, -1)} code`);
}

function findMisplacedCandidates(value: unknown): readonly DataProblem[] {
  return itemsAt(value, 'tasks').flatMap((task, at) => {
    const isMisplaced = isRecord(task) && task['candidates'] !== undefined && task['kind'] !== 'human';
    const path = ['tasks', String(at)];
    return isMisplaced
      ? [{ path, key: 'candidates', reason: `${formatKeyPath(path)}.candidates is only for tasks of kind human` }]
      : [];
  });
}

/** The kinds of tasks that the keys of an action refer to. */
const ACTION_TASKS: Readonly<Record<string, readonly string[]>> = {
  task: ['human', 'system'],
  message: ['message'],
  thread: ['thread'],
};

const ACTION_SPECIFIC_KEYS = new Set(Object.values(ACTION_KEYS).flatMap((keys) => Object.keys(keys)));

/** Keys that do not belong to the type of an action or are missing, unknown tasks, and a signal without a workflow that receives it. */
function findActionProblems(value: unknown): readonly DataProblem[] {
  const tasks = itemsAt(value, 'tasks').filter(isRecord);
  return itemsAt(value, 'actions').flatMap((action, at): readonly DataProblem[] => {
    const type = isRecord(action) ? action['type'] : undefined;
    if (!isRecord(action) || typeof type !== 'string' || !Object.hasOwn(ACTION_KEYS, type)) return [];
    const path = ['actions', String(at)];
    const keys: Readonly<Record<string, boolean>> = ACTION_KEYS[type as ActionType];
    const name = (key: string): string => formatKeyPath([...path, key]);
    return [
      ...Object.keys(action)
        .filter((key) => ACTION_SPECIFIC_KEYS.has(key) && !Object.hasOwn(keys, key))
        .map((key) => ({ path, key, reason: `${name(key)} is not for actions of type ${type}` })),
      ...Object.entries(keys)
        .filter(([key, isRequired]) => isRequired && action[key] === undefined)
        .map(([key]) => ({ path, reason: `${name(key)} is missing, which actions of type ${type} need` })),
      ...Object.entries(ACTION_TASKS).flatMap(([key, kinds]) => {
        const code = Object.hasOwn(keys, key) ? action[key] : undefined;
        if (typeof code !== 'string' || code.trim() === '') return [];
        if (tasks.some((task) => task['code'] === code && kinds.includes(String(task['kind'])))) return [];
        const expected = `the code of a task of kind ${formatAlternatives(kinds)}`;
        return [{ path: [...path, key], reason: `${name(key)} must be ${expected}, not ${formatDataValue(code)}` }];
      }),
      ...(type === 'send-workflow-signal' && valueAt(value, '/workflow') === undefined
        ? [{ path: [...path, 'type'], reason: `${name('type')} ${type} needs the workflow of the process` }]
        : []),
    ];
  });
}

async function findInvalidSchemas(value: unknown): Promise<readonly DataProblem[]> {
  const found: DataProblem[] = [];
  for (const path of shapePaths(value)) {
    const schema = valueAt(value, `${path.map(pointerStep).join('')}/schema`);
    if (!isRecord(schema)) continue;
    for (const problem of await findSchemaProblems(schema)) {
      const whole = [...path, 'schema', ...problem.path];
      found.push({ path: whole, reason: `${formatKeyPath(whole)} ${problem.reason}` });
    }
  }
  return found;
}

function shapePaths(value: unknown): readonly (readonly string[])[] {
  const ofTasks = [...itemsAt(value, 'tasks').keys()].flatMap((at) => [
    ['tasks', String(at), 'data'],
    ['tasks', String(at), 'context-data'],
  ]);
  const ofActions = [...itemsAt(value, 'actions').keys()].map((at) => ['actions', String(at), 'input']);
  return [['metadata'], ['entity'], ...ofTasks, ...ofActions];
}

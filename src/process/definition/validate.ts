import { UUID_PATTERN } from '../../base/is-uuid.ts';
import { isRecord } from '../../base/json.ts';
import type { DataValidation } from '../data-file.ts';
import {
  findFormProblems,
  findNonJsonProblems,
  formatDataValue,
  formatKeyPath,
  type DataProblem,
} from '../data-problem.ts';
import { TASK_QUEUE_PATTERN } from '../definition.ts';
import type { DefinitionFile } from './schema.ts';
import { createSchemaValidator } from './validate-schema.ts';
import { definitionForm } from '../validators.ts';

/** Validates the parsed content of a definition file and returns all problems at once. */
export async function validateDefinitionFile(value: unknown): Promise<DataValidation<DefinitionFile>> {
  const nonJson = findNonJsonProblems(value);
  if (nonJson.length > 0) return { kind: 'invalid', problems: nonJson };
  const problems = [
    ...findFormProblems(value, definitionForm, {
      [TASK_QUEUE_PATTERN]: 'must not begin or end with white space:',
      [UUID_PATTERN]: 'must be a UUID, not',
    }),
    ...findDuplicateCodes(value),
    ...findMisplacedCandidates(value),
    ...(await findInvalidSchemas(value)),
  ];
  return problems.length === 0 ? { kind: 'valid', file: value as DefinitionFile } : { kind: 'invalid', problems };
}

function findDuplicateCodes(value: unknown): readonly DataProblem[] {
  const tasks = isRecord(value) && Array.isArray(value['tasks']) ? (value['tasks'] as readonly unknown[]) : [];
  const first = new Map<string, number>();
  return tasks.flatMap((task, at) => {
    const code = isRecord(task) ? task['code'] : undefined;
    if (typeof code !== 'string') return [];
    const before = first.get(code);
    if (before !== undefined)
      return [
        {
          path: ['tasks', String(at), 'code'],
          reason: `task code ${formatDataValue(code)} is already used by tasks[${before}]`,
        },
      ];
    first.set(code, at);
    return [];
  });
}

function findMisplacedCandidates(value: unknown): readonly DataProblem[] {
  const tasks = valueAt(value, ['tasks']);
  return (Array.isArray(tasks) ? (tasks as readonly unknown[]) : []).flatMap((task, at) => {
    const isMisplaced = isRecord(task) && task['candidates'] !== undefined && task['kind'] !== 'human';
    const path = ['tasks', String(at)];
    return isMisplaced
      ? [{ path, key: 'candidates', reason: `${formatKeyPath(path)}.candidates is only for tasks of kind human` }]
      : [];
  });
}

async function findInvalidSchemas(value: unknown): Promise<readonly DataProblem[]> {
  const check = createSchemaValidator();
  const found: DataProblem[] = [];
  for (const path of shapePaths(value)) {
    const schema = valueAt(value, [...path, 'schema']);
    if (!isRecord(schema)) continue;
    for (const problem of await check(schema)) {
      const whole = [...path, 'schema', ...problem.path];
      found.push({ path: whole, reason: `${formatKeyPath(whole)} ${problem.reason}` });
    }
  }
  return found;
}

function shapePaths(value: unknown): readonly (readonly string[])[] {
  const tasks = valueAt(value, ['tasks']);
  const count = Array.isArray(tasks) ? tasks.length : 0;
  const ofTasks = Array.from({ length: count }, (_, task) => [
    ['tasks', String(task), 'data'],
    ['tasks', String(task), 'context-data'],
  ]);
  return [['metadata'], ['entity'], ...ofTasks.flat()];
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[step];
  }
  return here;
}

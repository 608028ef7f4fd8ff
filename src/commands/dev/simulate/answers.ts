import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { codeOf, messageOf, usageError } from '../../../base/errors.ts';
import { isRecord, type JsonObject } from '../../../base/json.ts';
import type { ProcessDefinition } from '../../../process/definition.ts';
import { withAbsolutePaths } from '../../../platform/domain/references.ts';

/** Data to fill in, by task code: one object for every occurrence, or a list used in order, whose last object is repeated. Paths of documents are absolute. */
export interface SimulationAnswers {
  readonly metadata?: JsonObject;
  readonly tasks: Readonly<Record<string, JsonObject | readonly JsonObject[]>>;
}

const FILE_FORMAT =
  'Format: { metadata: { … }, tasks: { <code>: { … } } }. Use a list of objects for a task that occurs several times';

/** Reads an answers file; without a file there are no answers. Throws a usage error if the file cannot be read or is malformed. */
export async function readAnswers(cwd: string, file: string | undefined): Promise<SimulationAnswers> {
  if (file === undefined) return { tasks: {} };
  const path = resolve(cwd, file);
  let value: unknown;
  try {
    value = parse(await readFile(path, 'utf8'));
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT';
    throw usageError(`Cannot read the answers file ${file}: ${missing ? 'no such file' : messageOf(error)}`, [
      missing ? `The path is relative to ${cwd}` : FILE_FORMAT,
    ]);
  }
  const reject = (problem: string): never => {
    throw usageError(`${file}: ${problem}`, [FILE_FORMAT]);
  };
  if (!isRecord(value)) return reject('expected an object');
  const unknown = Object.keys(value).filter((key) => key !== 'metadata' && key !== 'tasks');
  if (unknown.length > 0) return reject(`unknown key ${unknown.join(', ')}`);
  const tasks = value['tasks'] ?? {};
  if (!isRecord(tasks)) return reject('tasks must be an object');
  for (const [code, answer] of Object.entries(tasks)) {
    const values = Array.isArray(answer) ? answer : [answer];
    if (values.length === 0 || !values.every(isRecord))
      return reject(`the answer for ${code} must be an object or a list of objects`);
  }
  const metadata = value['metadata'];
  if (metadata !== undefined && !isRecord(metadata)) return reject('metadata must be an object');
  try {
    return withAbsolutePaths({ ...value, tasks } as JsonObject, dirname(path)) as unknown as SimulationAnswers;
  } catch (error) {
    return reject(messageOf(error));
  }
}

/** Throws a usage error if there are answers for tasks that are not human tasks of the process. */
export function checkAnswers(answers: SimulationAnswers, definition: ProcessDefinition): void {
  const human = definition.tasks.filter((task) => task.kind === 'human').map((task) => task.code);
  const unknown = Object.keys(answers.tasks).filter((code) => !human.includes(code));
  if (unknown.length === 0) return;
  throw usageError(`Unknown human tasks in the answers file: ${unknown.join(', ')}`, [
    human.length === 0
      ? `${definition.process.code} does not have human tasks`
      : `Human tasks of ${definition.process.code}: ${human.join(', ')}`,
  ]);
}

/** Returns a function that gives the next answer for a task code. */
export function createAnswerQueue(answers: SimulationAnswers): (code: string) => JsonObject | undefined {
  const used = new Map<string, number>();
  return (code) => {
    const answer = Object.hasOwn(answers.tasks, code) ? answers.tasks[code] : undefined;
    if (answer === undefined || !Array.isArray(answer)) return answer as JsonObject | undefined;
    const index = used.get(code) ?? 0;
    used.set(code, index + 1);
    return (answer as readonly JsonObject[])[Math.min(index, answer.length - 1)];
  };
}

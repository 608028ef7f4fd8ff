import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { codeOf, messageOf, usageError } from '../../../base/errors.ts';
import { isRecord, type JsonObject } from '../../../base/json.ts';
import { createValueCheck } from '../../../platform/domain/json-values.ts';
import type { DataShape, ProcessDefinition } from '../../../process/definition.ts';
import { samplesOfSchema } from '../../../process/examples/example.ts';

/** What a user would type: by task code, one answer for every time or a list, in order, its last for the rest. */
export interface SimulationAnswers {
  readonly metadata?: JsonObject;
  readonly tasks: Readonly<Record<string, JsonObject | readonly JsonObject[]>>;
}

const FILE_FORMAT =
  'The form of the file: { metadata: { … }, tasks: { CODE: { … } } }; a list of objects for a task that comes again';

/** Reads the file; no file is no answers. Throws a usage error that names what is wrong with it. */
export async function readAnswers(cwd: string, file: string | undefined): Promise<SimulationAnswers> {
  if (file === undefined) return { tasks: {} };
  const path = resolve(cwd, file);
  let value: unknown;
  try {
    value = parse(await readFile(path, 'utf8'));
  } catch (error) {
    const none = codeOf(error) === 'ENOENT';
    throw usageError(`The answers can't be read from ${file}: ${none ? 'there is no such file' : messageOf(error)}`, [
      none ? `Its path is relative to ${cwd}` : FILE_FORMAT,
    ]);
  }
  const wrong = (what: string): never => {
    throw usageError(`${file}: ${what}`, [FILE_FORMAT]);
  };
  if (!isRecord(value)) return wrong('an object is expected');
  const unknown = Object.keys(value).filter((key) => key !== 'metadata' && key !== 'tasks');
  if (unknown.length > 0) return wrong(`unknown key ${unknown.join(', ')}`);
  const tasks = value['tasks'] ?? {};
  if (!isRecord(tasks)) return wrong('tasks must be an object');
  for (const [code, answer] of Object.entries(tasks)) {
    const all = Array.isArray(answer) ? answer : [answer];
    if (all.length === 0 || !all.every(isRecord))
      return wrong(`the answer of ${code} must be an object or a list of objects`);
  }
  const metadata = value['metadata'];
  if (metadata !== undefined && !isRecord(metadata)) return wrong('metadata must be an object');
  return {
    ...(metadata === undefined ? {} : { metadata: metadata as JsonObject }),
    tasks: tasks as SimulationAnswers['tasks'],
  };
}

/** Throws a usage error for an answer to a task that the process does not have, or that no person completes. */
export function checkAnswers(answers: SimulationAnswers, definition: ProcessDefinition): void {
  const human = definition.tasks.filter((task) => task.kind === 'human').map((task) => task.code);
  const unknown = Object.keys(answers.tasks).filter((code) => !human.includes(code));
  if (unknown.length === 0) return;
  throw usageError(
    `The answers name ${unknown.join(', ')}, which ${unknown.length === 1 ? 'is no task' : 'are no tasks'} of ${definition.process.code} that a person completes`,
    [human.length === 0 ? 'The process has no such task' : `Its tasks for people: ${human.join(', ')}`],
  );
}

/** Hands out the answers of a run, one at a time. */
export function createAnswerQueue(answers: SimulationAnswers): (code: string) => JsonObject | undefined {
  const given = new Map<string, number>();
  return (code) => {
    const answer = Object.hasOwn(answers.tasks, code) ? answers.tasks[code] : undefined;
    if (answer === undefined || !Array.isArray(answer)) return answer as JsonObject | undefined;
    const at = given.get(code) ?? 0;
    given.set(code, at + 1);
    return (answer as readonly JsonObject[])[Math.min(at, answer.length - 1)];
  };
}

/** Data for a shape, valid where one of the examples that we can make is; `where` names the shape in errors. */
export function exampleTaskData(shape: DataShape | undefined, where: string): JsonObject {
  // The platform says what is wrong with it where none is valid.
  return shape === undefined ? {} : generateExample(shape, where).data;
}

/** Metadata to start a process with; undefined where it has no shape, or none that is valid can be made up. */
export function exampleMetadata(shape: DataShape | undefined): JsonObject | undefined {
  const made = shape === undefined ? undefined : generateExample(shape, 'the metadata of the process');
  return made?.valid === true ? made.data : undefined;
}

/** The first example that is valid, else the plainest, or nothing at all where there is none. */
function generateExample(shape: DataShape, where: string): { readonly valid: boolean; readonly data: JsonObject } {
  const check = createValueCheck(shape, where);
  let plainest: JsonObject | undefined;
  for (const data of samplesOfSchema(shape.schema)) {
    if (!isRecord(data)) continue;
    if (check(data).valid) return { valid: true, data };
    plainest ??= data;
  }
  return plainest === undefined ? { valid: check({}).valid, data: {} } : { valid: false, data: plainest };
}

import type { JsonObject } from '../../base/json.ts';
import { pythonExample } from './examples.ts';
import { pythonCall } from './calls.ts';
import { pyDoc } from './literals.ts';
import type { NamedSchema } from '../schema-type.ts';
import { stringValue } from './string-value.ts';
import { pascalCase, UNTYPED_DICT } from './tasks.ts';

/** Data without its own type has no name and no schema. */
export interface ActivityResult {
  readonly type?: NamedSchema | undefined;
  readonly example: JsonObject;
}

export interface PythonActivity {
  readonly name: string;
  /** The title of the task that it performs. */
  readonly task?: string;
  /** The type of an input without its own type is undefined. */
  readonly inputs: readonly { readonly variable: string; readonly type: string | undefined }[];
  /** The data that it returns. Undefined if it returns nothing. */
  readonly result?: ActivityResult | undefined;
}

/** An activity that does not belong to a task: only its name is known. */
export const plainActivity = (name: string): PythonActivity => ({ name, inputs: [] });

/** The type of the argument of an activity. */
export const pythonInputType = (activity: string): string => `${pascalCase(activity)}Input`;

/** The type of the argument of an activity, as a class. */
export function inputClass({ name, inputs }: PythonActivity): string {
  return [
    `class ${pythonInputType(name)}(TypedDict):`,
    '    process_id: str',
    ...inputs.map(({ variable, type = UNTYPED_DICT }) => `    ${variable}: ${type}`),
    '',
  ].join('\n');
}

/** An activity as a method. */
export function activityMethod({ name, task, result }: PythonActivity): string {
  const about = task === undefined ? 'TODO: describe it.' : `Performs the "${pyDoc(task)}" task and returns its data.`;
  const type = result === undefined ? 'None' : (result.type?.name ?? UNTYPED_DICT);
  return [
    '    @activity.defn',
    pythonCall('async def ', name, ['self', `input: ${pythonInputType(name)}`], 4, ` -> ${type}:`),
    `        """${about}"""`,
    '        # TODO: do the work. This is an example of a call to KuFlow.',
    '        response = await self._kuflow.retrieve_process({"processId": input["process_id"]})',
    '        activity.logger.info("The process is running", extra={"startedAt": response["process"]["createdAt"]})',
    ...(result === undefined ? [] : [returnStatement(result)]),
    '',
  ].join('\n');
}

function returnStatement({ type, example }: ActivityResult): string {
  return type === undefined
    ? '        return {}'
    : pythonExample(example, type, { indent: 8, before: 'return ', after: '' }).code;
}

const NAME =
  /^[ \t]*@activity\.defn(?:\(\s*name=("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*,?\s*\))?\s*(?:async )?def (\w+)/gmu;

/** The names of the activities in a module, and of the methods that implement them. */
export function activityNames(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(NAME)].flatMap(([, literal, name = '']) => [
      name,
      ...(literal === undefined ? [] : [stringValue(literal)]),
    ]),
  );
}

const CLASS =
  /^class (?!.*TypedDict).*:\n(?:(?: {4}.*)?\n)* {4}def __init__\(self, kuflow: KuFlowClient\).*:\n(?:(?: {4}.*)?\n)*$/mu;

/** Adds a new activity to a module, or returns undefined if its class is not the last part of it. */
export function appendActivity(text: string, name: string): string | undefined {
  const complete = `${text.trimEnd()}\n`;
  const start = complete.search(CLASS);
  if (start === -1 || !/^from typing import .*\bTypedDict\b/m.test(text)) return undefined;
  const activity = plainActivity(name);
  return `${complete.slice(0, start)}${inputClass(activity)}\n\n${complete.slice(start)}\n${activityMethod(activity)}`;
}

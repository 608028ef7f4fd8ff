import type { JsonObject } from '../../base/json.ts';
import { exampleLog, exampleNote, plainActivity, type ProcessActivity } from '../process-tasks.ts';
import { pythonExample } from './examples.ts';
import { pythonCall } from './wrap.ts';
import { pyDoc, pascalCase, UNTYPED_DICT } from './literals.ts';

export const pythonInputType = (activity: string): string => `${pascalCase(activity)}Input`;

export function inputClass({ name, inputs }: ProcessActivity): string {
  return [
    `class ${pythonInputType(name)}(TypedDict):`,
    '    process_id: str',
    ...inputs.map(({ variable, type = UNTYPED_DICT }) => `    ${variable}: ${type}`),
    '',
  ].join('\n');
}

export function activityMethod(activity: ProcessActivity): string {
  const { name, task, action, isCreditCheck, result } = activity;
  if (action !== undefined) return documentMethod(name, action);
  const about = task === undefined ? 'TODO: describe it.' : `Performs the "${pyDoc(task)}" task and returns its data.`;
  return [
    '    @activity.defn',
    pythonCall('async def ', name, ['self', `input: ${pythonInputType(name)}`], 4, ` -> ${typeOf(result)}:`),
    `        """${about}"""`,
    `        # ${exampleNote(isCreditCheck)}`,
    '        response = await self._kuflow.retrieve_process({"processId": input["process_id"]})',
    `        activity.logger.info("${exampleLog(isCreditCheck)}", extra={"processCreatedAt": response["process"]["createdAt"]})`,
    ...(result === undefined ? [] : [returnStatement(result)]),
    '',
  ].join('\n');
}

/** An activity that overrides that of a system task and only returns its example with other fields. */
export function overridingMethod({ name, result }: ProcessActivity, fields: JsonObject): string {
  const example = { ...result?.example, ...fields };
  return [
    '    @activity.defn',
    pythonCall('async def ', name, ['self', `input: ${pythonInputType(name)}`], 4, ` -> ${typeOf(result)}:`),
    returnStatement({ type: result?.type, example }),
  ].join('\n');
}

function documentMethod(name: string, action: string): string {
  return [
    '    @activity.defn',
    pythonCall('async def ', name, ['self', `input: ${pythonInputType(name)}`], 4, ' -> str:'),
    `        """Creates the document of the action "${pyDoc(action, 45)}" and returns its URI."""`,
    '        # TODO: create the document. This is an example.',
    '        with TemporaryDirectory() as folder:',
    '            path = Path(folder, "document.txt")',
    '            await asyncio.to_thread(path.write_text, f"Process {input[\'process_id\']}\\n")',
    '            document = await self._kuflow.documents.upload(',
    '                path, process_id=input["process_id"], content_type="text/plain"',
    '            )',
    '        return FileFields.parse(document).uri',
    '',
  ].join('\n');
}

const typeOf = (result: ProcessActivity['result']): string =>
  result === undefined ? 'None' : (result.type?.name ?? UNTYPED_DICT);

function returnStatement({ type, example }: NonNullable<ProcessActivity['result']>): string {
  return type === undefined
    ? '        return {}'
    : pythonExample(example, type, { indent: 8, before: 'return ', after: '' });
}

/** A class with its decorators and the comments before it. */
const CLASS = /^(?:[@#].*\n){0,20}class (?!.*TypedDict).*:\n(?:(?: {4}.*| {0,3})\n)*/gm;
/** What can follow a class: a line that is not part of a text or an expression. */
const AFTER_CLASS = /^(?:$|[@#]|(?:async )?(?:def|class) \w+|if |\w+(?:: .*)? = )/;
const CONSTRUCTOR = /^ {4}def __init__\(self, kuflow: KuFlowClient[,)]/m;
const IMPORTS_TYPED_DICT = /^from typing import (?:\([^)]*|.*)\bTypedDict\b/m;

/** Adds a new activity to a module, or returns undefined if it is not certain where its class ends. */
export function appendActivity(text: string, name: string): string | undefined {
  const complete = `${text.trimEnd()}\n`;
  const [found, ...others] = [...complete.matchAll(CLASS)].filter(([body]) => CONSTRUCTOR.test(body));
  if (found === undefined || others.length > 0 || !IMPORTS_TYPED_DICT.test(text)) return undefined;
  const body = found[0].trimEnd();
  const rest = complete.slice(found.index + found[0].length);
  const isOpenText = [`"""`, `'''`].some((quotes) => body.split(quotes).length % 2 === 0);
  if (isOpenText || !AFTER_CLASS.test(rest.split('\n', 1)[0] ?? '')) return undefined;
  const activity = plainActivity(name);
  const extended = `${inputClass(activity)}\n\n${body}\n\n${activityMethod(activity)}`;
  return `${complete.slice(0, found.index)}${extended}${rest === '' ? '' : `\n\n${rest}`}`;
}

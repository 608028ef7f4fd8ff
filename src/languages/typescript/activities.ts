import { capitalize } from '../../text/identifiers.ts';

/** The text of a new activity: a blank line, its types and its function. */
function renderActivity(name: string): string {
  const base = capitalize(name);
  return [
    '',
    `export interface ${base}Input {`,
    '  readonly processId: string;',
    '}',
    '',
    `export interface ${base}Result {`,
    '  readonly done: boolean;',
    '}',
    '',
    '/** TODO: describe it. Temporal retries activities that fail, so make it idempotent. */',
    `export async function ${name}(input: ${base}Input): Promise<${base}Result> {`,
    '  void input; // TODO: use the input',
    '  return { done: true };',
    '}',
    '',
  ].join('\n');
}

/** The names that the activity `name` exports from its module. */
export function activityExportNames(name: string): readonly string[] {
  const base = capitalize(name);
  return [name, `${base}Input`, `${base}Result`];
}

/** Appends new activities to a module. */
export function appendActivities(text: string, names: readonly string[]): string {
  const end = text === '' || text.endsWith('\n') || names.length === 0 ? '' : '\n';
  return text + end + names.map(renderActivity).join('');
}

/** Names of the activities from `appendActivities` that nobody has edited. */
export function findUneditedActivities(text: string): readonly string[] {
  const functions = [...text.matchAll(/^export async function ([\p{L}\p{N}_$]+)\(/gmu)].map(([, name = '']) => name);
  return functions.filter((name) => text.includes(renderActivity(name)));
}

/** Removes unedited activities from a module. */
export function removeActivities(text: string, names: readonly string[]): string {
  return names.reduce((rest, name) => rest.replace(renderActivity(name), () => ''), text);
}

/** An activity of one's own as it is added to a module: a blank line, then its types and its function. */
function renderActivity(name: string): string {
  const base = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
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

/** Names that the activity `name` takes in its module. */
export function activityExportNames(name: string): readonly string[] {
  const base = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return [name, `${base}Input`, `${base}Result`];
}

/** A module with activities more at its end. */
export function appendActivities(text: string, names: readonly string[]): string {
  const end = text === '' || text.endsWith('\n') || names.length === 0 ? '' : '\n';
  return text + end + names.map(renderActivity).join('');
}

/** Names of the activities that were added so and that nobody has filled in. */
export function findUneditedActivities(text: string): readonly string[] {
  const functions = [...text.matchAll(/^export async function (\w+)\(/gm)].map(([, name = '']) => name);
  return functions.filter((name) => text.includes(renderActivity(name)));
}

export function removeActivities(text: string, names: readonly string[]): string {
  return names.reduce((rest, name) => rest.replace(renderActivity(name), () => ''), text);
}

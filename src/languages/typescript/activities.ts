import { tsComment } from './literals.ts';

export interface ActivityText {
  readonly name: string;
  /** The title of the task that it performs. */
  readonly task?: string;
  readonly inputs: readonly { readonly variable: string; readonly type: string }[];
  readonly resultType: string;
  /** An expression. */
  readonly result: string;
}

/** An activity that belongs to no task, with the name of the only thing that is known about it. */
export const plainActivity = (name: string): ActivityText => ({
  name,
  inputs: [],
  resultType: '{ readonly done: boolean }',
  result: '{ done: true }',
});

/** The text of a new activity, a method in the object that `createActivities` returns. */
export function renderActivity({ name, task, inputs, resultType, result }: ActivityText): string {
  const about =
    task === undefined ? 'TODO: describe it.' : `Performs the "${tsComment(task)}" task and returns its data.`;
  return [
    `  /** ${about} */`,
    `  async ${name}(input: {`,
    '    readonly processId: string;',
    ...inputs.map(({ variable, type }) => `    readonly ${variable}: ${type};`),
    `  }): Promise<${resultType}> {`,
    '    // TODO: do the work. This is an example of a call to KuFlow.',
    '    const { process } = await kuflow.retrieveProcess({ processId: input.processId });',
    "    log.info('The process is running', { startedAt: process.createdAt });",
    `    return ${result};`,
    '  },',
    '',
  ].join('\n');
}

const NEXT_METHOD = /^ {2}(?:async )?(?:\*\s*)?(['"]?)([\w$]+)\1(?:\(|:)/gm;
const FACTORY = /^export const createActivities\b/m;
const END = /\n\}\);\n/;

/** The names of the activities in a module, which are the members of what `createActivities` returns. */
export function activityNames(source: string): ReadonlySet<string> {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, ' ');
  const start = text.indexOf('createActivities');
  return new Set(start === -1 ? [] : [...text.slice(start).matchAll(NEXT_METHOD)].map(([, , name = '']) => name));
}

/** Adds new activities to a module, or returns undefined if its `createActivities` was rewritten. */
export function appendActivities(text: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return text;
  const start = text.search(FACTORY);
  const length = start === -1 ? -1 : text.slice(start).search(END);
  if (length === -1) return undefined;
  const at = start + length + 1;
  const added = names.map((name) => `\n${renderActivity(plainActivity(name))}`).join('');
  return `${text.slice(0, at)}${added}${text.slice(at)}`;
}

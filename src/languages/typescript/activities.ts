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

/** An activity that does not belong to a task: only its name is known. */
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

const FACTORY = /^export const createActivities\b/m;
const END = /\n\}\);\n/;
const MEMBER = /^ {2}(?:async )?(['"]?)([\p{L}\p{N}_$]+)\1(?:\(|:)/gmu;

/** Where the object that `createActivities` returns starts and ends, or undefined if the function was rewritten. */
function findFactory(text: string): { readonly start: number; readonly end: number } | undefined {
  const start = text.search(FACTORY);
  const length = start === -1 ? -1 : text.slice(start).search(END);
  return length === -1 ? undefined : { start, end: start + length + 1 };
}

/** The names of the activities in a module, which are the members of what `createActivities` returns. */
export function activityNames(source: string): ReadonlySet<string> {
  const text = source.replaceAll('\r\n', '\n').replace(/\/\*[\s\S]*?\*\//g, ' ');
  const factory = findFactory(text);
  const body = factory === undefined ? '' : text.slice(factory.start, factory.end);
  return new Set([...body.matchAll(MEMBER)].map(([, , name = '']) => name));
}

/** Adds a new activity to a module, or returns undefined if its `createActivities` was rewritten. */
export function appendActivity(text: string, name: string): string | undefined {
  const factory = findFactory(text);
  if (factory === undefined) return undefined;
  const added = `\n${renderActivity(plainActivity(name))}`;
  return `${text.slice(0, factory.end)}${added}${text.slice(factory.end)}`;
}

import { exampleNote } from '../process-tasks.ts';
import { tsComment } from './literals.ts';

export interface ActivityText {
  readonly name: string;
  /** What it does, as a sentence. */
  readonly about: string;
  readonly inputs: readonly { readonly variable: string; readonly type: string }[];
  readonly resultType: string;
  /** Its statements before the result. */
  readonly work: readonly string[];
  /** An expression. */
  readonly result: string;
}

const example = (isCreditCheck: boolean): readonly string[] => [
  `// ${exampleNote(isCreditCheck)}`,
  'const { process } = await kuflow.retrieveProcess({ processId: input.processId });',
  `log.info('${isCreditCheck ? 'Checking credit' : 'Activity started'}', { processCreatedAt: process.createdAt });`,
];

/** An activity that does not belong to a task: only its name is known. */
export const plainActivity = (name: string): ActivityText => ({
  name,
  about: 'TODO: describe it.',
  inputs: [],
  work: example(false),
  resultType: '{ readonly done: boolean }',
  result: '{ done: true }',
});

/** The activity of a system task. */
export const taskActivity = (
  task: string,
  { isCreditCheck, ...activity }: Omit<ActivityText, 'about' | 'work'> & { readonly isCreditCheck: boolean },
): ActivityText => ({
  ...activity,
  about: `Performs the "${tsComment(task)}" task and returns its data.`,
  work: example(isCreditCheck),
});

/** The activity that creates the document of a downloadable action. */
export const documentActivity = (name: string, action: string): ActivityText => ({
  name,
  about: `Creates the document of the action "${tsComment(action)}" and returns its URI.`,
  inputs: [],
  resultType: 'string',
  work: [
    '// TODO: create the document. This is an example.',
    "const path = join(await mkdtemp(join(tmpdir(), 'document-')), 'document.txt');",
    'await writeFile(path, `Process ${input.processId}\\n`);',
    "const document = await kuflow.documents.upload(path, { processId: input.processId, contentType: 'text/plain' });",
    'await rm(dirname(path), { recursive: true });',
    "log.info('The document was uploaded');",
  ],
  result: 'KuFlowFile.parse(document).uri',
});

/** The text of a new activity, a method in the object that `createActivities` returns. */
export function renderActivity({ name, about, inputs, resultType, work, result }: ActivityText): string {
  return [
    `  /** ${about} */`,
    `  async ${name}(input: {`,
    '    readonly processId: string;',
    ...inputs.map(({ variable, type }) => `    readonly ${variable}: ${type};`),
    `  }): Promise<${resultType}> {`,
    ...work.map((line) => `    ${line}`),
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

import { exampleLog, exampleNote, plainActivity, type ProcessActivity } from '../process-tasks.ts';
import { javaExample } from './examples.ts';
import { javaDoc, javaString, javaTypeName, UNTYPED } from './literals.ts';
import { importLines } from './move-package.ts';
import { callLines } from './wrap.ts';

export const inputTypeOf = (activity: string): string => `${javaTypeName(activity, 'activity')}Input`;

/** The code of an activity: its `declaration` in the interface, and its `implementation` in the class. */
export function activityMembers(activity: ProcessActivity) {
  const { name, inputs } = activity;
  const input = inputTypeOf(name);
  const { about, type, work } = activityWork(activity);
  const components = [
    'UUID processId',
    ...inputs.map(({ variable, type: inputType = UNTYPED }) => `${inputType} ${variable}`),
  ];
  return {
    declaration: [
      `    /** ${about} */`,
      ...callLines('', { callee: '@ActivityMethod', args: [`name = ${javaString(name)}`] }, '', 4),
      ...callLines('', { callee: `${type} ${name}`, args: [`${input} input`] }, ';', 4),
      '',
      ...callLines('', { callee: `record ${input}`, args: components }, ' {}', 4),
      '',
    ].join('\n'),
    implementation: [
      '    @Override',
      ...callLines('', { callee: `public ${type} ${name}`, args: [`${input} input`] }, ' {', 4),
      ...work,
      '    }',
      '',
    ].join('\n'),
  };
}

function activityWork({ task, action, isCreditCheck, result }: ProcessActivity) {
  if (action !== undefined) return documentWork(action);
  const returned =
    result?.type === undefined
      ? '        return Map.of();'
      : javaExample(result.example, result.type, { indent: 8, before: 'return ', after: ';' });
  return {
    about: task === undefined ? 'TODO: describe it.' : `Performs the "${javaDoc(task, 60)}" task and returns its data.`,
    type: result?.type?.name ?? UNTYPED,
    work: [
      `        // ${exampleNote(isCreditCheck)}`,
      '        Process process = kuflow.retrieveProcess(input.processId());',
      `        LOG.info("${exampleLog(isCreditCheck)} (process created {})", process.createdAt());`,
      returned,
    ],
  };
}

function documentWork(action: string) {
  return {
    about: `Creates the document of the action "${javaDoc(action, 60)}".`,
    type: 'KuFlowFile',
    work: [
      '        // TODO: create the document. This is an example.',
      '        try {',
      '            Path file = Files.createTempFile("document", ".txt");',
      '            Files.writeString(file, "Process " + input.processId() + "\\n");',
      '            KuFlowFile document = kuflow.documents().upload(file, input.processId(), "document.txt", "text/plain");',
      '            Files.delete(file);',
      '            LOG.info("The document was uploaded");',
      '            return document;',
      '        } catch (IOException failed) {',
      '            throw new UncheckedIOException(failed);',
      '        }',
    ],
  };
}

/** The place of the brace that ends the type around a place, or undefined if a text block may contain it. */
function endOfType(text: string, place: number): number | undefined {
  const length = text.slice(place).search(/^\}$/m);
  const body = text.slice(place, place + length);
  return length === -1 || body.split('"""').length % 2 === 0 ? undefined : place + length;
}

/** Adds a new activity to the interface or the class with the activities, or returns undefined if the file was rewritten. */
export function appendActivity(path: string, text: string, name: string): string | undefined {
  const { declaration, implementation } = activityMembers(plainActivity(name));
  const isClass = path.endsWith('Impl.java');
  const place = text.indexOf(isClass ? ' KuFlowClient kuflow;' : '@ActivityInterface');
  const end = place === -1 ? undefined : endOfType(text, place);
  if (end === undefined || (isClass && !text.includes(' LOG '))) return undefined;
  const added = `${text.slice(0, end)}\n${isClass ? implementation : declaration}${text.slice(end)}`;
  return addImports(added, ['java.util.Map', isClass ? 'kuflow.worker.KuFlowOperations.Process' : 'java.util.UUID']);
}

function addImports(text: string, types: readonly string[]): string {
  return text.replace(/(?:^import (?!static).*;\n)+/m, (lines) => {
    const present = lines
      .trimEnd()
      .split('\n')
      .map((line) => line.slice('import '.length, -1));
    return `${importLines([...present, ...types])}\n`;
  });
}

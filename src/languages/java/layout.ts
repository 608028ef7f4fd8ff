import { definitionFile } from '../../process/definition/file.ts';
import type { CodePlace, ProcessLayout } from '../language.ts';
import { classPrefix, processPackage } from '../process-parts.ts';
import { JAVA_RESERVED } from './literals.ts';

export const JAVA_SCHEMAS = 'src/main/resources/kuflow/schemas';

/** The layout of the process with this slug, or without a slug, of the first process of a project. */
export function javaLayout({ packageName, slug: first }: CodePlace, slug?: string) {
  const name = slug ?? first;
  if (packageName === undefined || name === undefined) throw new TypeError('A Java project has a package and a slug');
  // Projects of earlier versions have their wiring in `kuflow`.
  const part = processPackage(name, (one) => JAVA_RESERVED.has(one) || one === 'kuflow');
  const prefix = classPrefix(name);
  const folder = `java/${packageName.replaceAll('.', '/')}/${part}`;
  const main = `src/main/${folder}`;
  return {
    definitionFile: definitionFile(slug),
    processPackage: `${packageName}.${part}`,
    /** The start of its class names: `Loan`. */
    prefix,
    packageInfo: `${main}/package-info.java`,
    workflow: `${main}/${prefix}Workflow.java`,
    workflowImpl: `${main}/${prefix}WorkflowImpl.java`,
    activities: `${main}/${prefix}Activities.java`,
    activitiesImpl: `${main}/${prefix}ActivitiesImpl.java`,
    tasks: `${main}/${prefix}Tasks.java`,
    /** Declares the user actions that send a signal, if there are any. */
    actions: `${main}/${prefix}Actions.java`,
    /** Contains the workflows of user actions, if there are any. */
    actionWorkflows: `${main}/${prefix}ActionWorkflows.java`,
    types: `${main}/${prefix}Types.java`,
    schemas: `${JAVA_SCHEMAS}/${name}.json`,
    test: `src/test/${folder}/${prefix}WorkflowTest.java`,
    /** The name of the file with the data of its test. */
    sampleName: name,
    sample: `src/test/resources/samples/${name}.json`,
  };
}

export type JavaLayout = Readonly<ReturnType<typeof javaLayout>>;

/** The parts of a process in its layout: every file except its definition. */
export const JAVA_PARTS = [
  ...(['tasks', 'actions', 'types', 'schemas', 'packageInfo', 'workflow', 'workflowImpl', 'actionWorkflows'] as const),
  ...(['activities', 'activitiesImpl', 'test', 'sample'] as const),
];

export function javaProcessLayout(place: CodePlace, slug?: string): ProcessLayout {
  const layout = javaLayout(place, slug);
  const { definitionFile, tasks, workflow, activities, activitiesImpl } = layout;
  const code = JAVA_PARTS.map((part) => layout[part]);
  return { definitionFile, tasks, workflow, activities: [activities, activitiesImpl], code };
}

import type { CodePlace } from '../language.ts';
import { classPrefix, layoutOf, processPackage } from '../process-parts.ts';
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
  const parts = {
    tasks: `${main}/${prefix}Tasks.java`,
    /** Declares the user actions that send a signal, if there are any. */
    actions: `${main}/${prefix}Actions.java`,
    types: `${main}/${prefix}Types.java`,
    schemas: `${JAVA_SCHEMAS}/${name}.json`,
    packageInfo: `${main}/package-info.java`,
    workflow: `${main}/${prefix}Workflow.java`,
    workflowImpl: `${main}/${prefix}WorkflowImpl.java`,
    /** Contains the workflows of user actions, if there are any. */
    actionWorkflows: `${main}/${prefix}ActionWorkflows.java`,
    activities: `${main}/${prefix}Activities.java`,
    activitiesImpl: `${main}/${prefix}ActivitiesImpl.java`,
    test: `src/test/${folder}/${prefix}WorkflowTest.java`,
    sample: `src/test/resources/samples/${name}.json`,
  };
  return {
    ...layoutOf(slug, parts, [parts.activities, parts.activitiesImpl]),
    processPackage: `${packageName}.${part}`,
    /** The start of its class names: `Loan`. */
    prefix,
    /** The name of the file with the data of its test. */
    sampleName: name,
  };
}

export type JavaLayout = Readonly<ReturnType<typeof javaLayout>>;

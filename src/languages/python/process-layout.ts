import { definitionFile } from '../../process/definition/file.ts';
import type { CodePlace, ProcessLayout } from '../language.ts';
import { classPrefix, processPackage } from '../process-parts.ts';
import { PYTHON_RESERVED } from './literals.ts';

/** Modules that every project has next to the packages of its processes. */
const TEMPLATE_MODULES: ReadonlySet<string> = new Set(['processes']);

/** The layout of the process with this slug, or without a slug, of the first process of a project. */
export function pythonLayout({ packageName, slug: first }: CodePlace, slug?: string) {
  const name = slug ?? first;
  if (packageName === undefined || name === undefined) throw new TypeError('A Python project has a package and a slug');
  const part = processPackage(name, (one) => PYTHON_RESERVED.has(one) || TEMPLATE_MODULES.has(one));
  const folder = `src/${packageName}/${part}`;
  return {
    definitionFile: definitionFile(slug),
    packageName,
    /** The package of the process inside it. */
    part,
    /** The start of its class names: `Loan`. */
    prefix: classPrefix(name),
    init: `${folder}/__init__.py`,
    workflow: `${folder}/workflow.py`,
    activities: `${folder}/activities.py`,
    actions: `${folder}/actions.py`,
    tasks: `${folder}/tasks.py`,
    types: `${folder}/types.py`,
    schemas: `${folder}/schemas.json`,
    test: `tests/test_${part.replace(/^_+|_+$/g, '')}_workflow.py`,
    /** The name of the file with the data of its test. */
    sampleName: name,
    sample: `tests/samples/${name}.json`,
  };
}

export type PythonLayout = Readonly<ReturnType<typeof pythonLayout>>;

/** The parts of a process in its layout: every file except its definition. */
export const PYTHON_PARTS = [
  'tasks',
  'types',
  'schemas',
  'init',
  'workflow',
  'activities',
  'actions',
  'test',
  'sample',
] as const;

export function pythonProcessLayout(place: CodePlace, slug?: string): ProcessLayout {
  const layout = pythonLayout(place, slug);
  const { definitionFile, tasks, workflow, activities } = layout;
  const code = PYTHON_PARTS.map((part) => layout[part]);
  return { definitionFile, tasks, workflow, activities: [activities], code };
}

import type { CodePlace } from '../language.ts';
import { classPrefix, layoutOf, processPackage } from '../process-parts.ts';
import { PYTHON_RESERVED } from './literals.ts';

/** Modules that every project has next to the packages of its processes. */
const TEMPLATE_MODULES: ReadonlySet<string> = new Set(['processes']);

/** The layout of the process with this slug, or without a slug, of the first process of a project. */
export function pythonLayout({ packageName, slug: first }: CodePlace, slug?: string) {
  const name = slug ?? first;
  if (packageName === undefined || name === undefined) throw new TypeError('A Python project has a package and a slug');
  const part = processPackage(name, (one) => PYTHON_RESERVED.has(one) || TEMPLATE_MODULES.has(one));
  const folder = `src/${packageName}/${part}`;
  const parts = {
    tasks: `${folder}/tasks.py`,
    types: `${folder}/types.py`,
    schemas: `${folder}/schemas.json`,
    init: `${folder}/__init__.py`,
    workflow: `${folder}/workflow.py`,
    activities: `${folder}/activities.py`,
    actions: `${folder}/actions.py`,
    test: `tests/test_${part.replace(/^_+|_+$/g, '')}_workflow.py`,
    sample: `tests/samples/${name}.json`,
  };
  return {
    ...layoutOf(slug, parts, [parts.activities]),
    packageName,
    /** The package of the process inside it. */
    part,
    /** The start of its class names: `Loan`. */
    prefix: classPrefix(name),
    /** The name of the file with the data of its test. */
    sampleName: name,
  };
}

export type PythonLayout = Readonly<ReturnType<typeof pythonLayout>>;

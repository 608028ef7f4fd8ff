import { textFile, type PlannedFile } from '../planned-file.ts';
import { renderProcesses, renderProjectFiles, type ProcessParts } from '../process-parts.ts';
import type { ProjectSpec } from '../project-spec.ts';
import type { TemplateSet } from '../templates/set.ts';
import { movePythonPackage } from './move-package.ts';
import { distributionName } from './package-name.ts';
import { pythonLayout, type PythonLayout } from './process-layout.ts';
import { pythonProcessContext } from './process-context.ts';
import { pythonTemplateContext } from './template-context.ts';
import { UV_LOCK } from './tools.ts';

const PROCESS = 'src/example_worker/process';

const PARTS = {
  [`${PROCESS}/__init__.py`]: 'init',
  [`${PROCESS}/workflow.py`]: 'workflow',
  [`${PROCESS}/activities.py`]: 'activities',
  [`${PROCESS}/tasks.py`]: 'tasks',
  [`${PROCESS}/types.py`]: 'types',
  [`${PROCESS}/schemas.json`]: 'schemas',
  'tests/test_process_workflow.py': 'test',
  'tests/samples/process.json': 'sample',
} as const satisfies Readonly<Record<string, keyof PythonLayout>>;

const PROCESS_PARTS: ProcessParts<(typeof PARTS)[keyof typeof PARTS], PythonLayout> = {
  language: 'python',
  parts: PARTS,
  systemParts: ['activities', 'schemas'],
  layout: pythonLayout,
  context: pythonProcessContext,
};

/** The files of a Python project except its process definitions. */
export function renderPython(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  const { packageName = '', packageManager } = spec;
  return renderProjectFiles(spec, templates, PROCESS_PARTS, {
    context: pythonTemplateContext(spec),
    move: (file) => nameProjectInLock(movePythonPackage(file, packageName), spec),
  }).filter(({ path }) => packageManager === 'pip' || !REQUIREMENTS.includes(path));
}

/** The tested versions of all dependencies for pip, with checksums. People add to them by hand; pip does not. */
const REQUIREMENTS = ['requirements.txt', 'requirements-dev.txt'];

function nameProjectInLock(file: PlannedFile, { name }: ProjectSpec): PlannedFile {
  if (file.path !== UV_LOCK) return file;
  const text = Buffer.from(file.contents).toString('utf8');
  return textFile(file.path, text.replace('name = "example-worker"', `name = "${distributionName(name)}"`));
}

/** The code of the processes of a Python project. */
export function renderPythonProcesses(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  return renderProcesses(spec, templates, PROCESS_PARTS);
}

import { libraryFiles } from '../library.ts';
import type { PlannedFile } from '../planned-file.ts';
import { renderProcesses, renderProjectFiles, type ProcessParts } from '../process-parts.ts';
import type { ProjectSpec } from '../project-spec.ts';
import type { TemplateSet } from '../templates/set.ts';
import { movePythonPackage } from './move-package.ts';
import { pythonLayout, type PythonLayout } from './process-layout.ts';
import { pythonProcessContext } from './process-context.ts';
import { pythonTemplateContext } from './template-context.ts';

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
  const { packageName = '' } = spec;
  return [
    ...libraryFiles(spec),
    ...renderProjectFiles(spec, templates, PROCESS_PARTS, {
      context: pythonTemplateContext(spec),
      move: (file) => movePythonPackage(file, packageName),
    }),
  ];
}

/** The code of the processes of a Python project. */
export function renderPythonProcesses(spec: ProjectSpec, templates: TemplateSet): readonly PlannedFile[] {
  return renderProcesses(spec, templates, PROCESS_PARTS);
}

import { definitionSchemaPath } from '../definition-schema.ts';
import type { Language } from '../language.ts';
import { appendActivity, pythonInputType } from './activities.ts';
import * as readCode from './read-code.ts';
import { pythonLayout } from './layout.ts';
import { distributionName, pythonPackageNames } from './package-name.ts';
import { renderPython } from './render.ts';
import { PYTHON_NAMING } from './literals.ts';
import {
  choosePythonManager,
  installPythonProject,
  lockFilesOf,
  PYTHON_MANAGERS,
  pythonProgram,
  pythonCommands,
  requirePython,
  runPythonCommand,
} from './package-manager.ts';

export const python: Language = {
  id: 'python',
  naming: PYTHON_NAMING,
  packageManagers: PYTHON_MANAGERS,
  packageNames: pythonPackageNames,
  editors: ['vscode'],
  layout: pythonLayout,
  render: (spec, templates) => Promise.resolve(renderPython(spec, templates)),
  definitionSchema: definitionSchemaPath,
  code: {
    ...readCode,
    appendActivity: (_, text, name) => appendActivity(text, name),
    rewrittenActivities: (path) => `${path} no longer has the structure that was generated`,
  },
  tools: {
    choose: choosePythonManager,
    require: requirePython,
    manifest: 'pyproject.toml',
    label: 'Package manager',
    title: (manager) => manager,
    program: pythonProgram,
    install: installPythonProject,
    checksInstall: false,
    run: runPythonCommand,
    lockFiles: lockFilesOf,
  },
  commands: (manager, { name, workspace }) =>
    pythonCommands(manager, { script: distributionName(name), isMember: workspace !== undefined }),
  diagnosis: async () => (await import('./diagnosis.ts')).pythonDiagnosis,
  // Imported on demand: reading its files needs large packages.
  workspace: async () => (await import('./workspace.ts')).readUvWorkspace,
  hints: {
    install: 'install the dependencies',
    dev: 'run a local KuFlow and the worker, and restart the worker on changes',
    callActivity: (name, place) =>
      `call it from a workflow: await run_activity(${pythonLayout(place).prefix}Activities.${name}, ${pythonInputType(name)}(process_id=process_id))`,
    changeWorkflow: (guide) => `use workflow.patched(…) (see ${guide})`,
  },
};

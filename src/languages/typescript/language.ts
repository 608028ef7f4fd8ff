import type { Language } from '../language.ts';
import { packagedSchemaPath } from './definition-schema.ts';
import { activityNames, appendActivity } from './activities.ts';
import { typeScriptLayout } from './layout.ts';
import {
  choosePackageManager,
  commandsOf,
  lockFiles,
  PACKAGE_MANAGERS,
  programOf,
  requirePackageManager,
  scriptCommand,
} from './package-manager.ts';
import { TS_NAMING } from './process-context.ts';
import { renderTypeScript } from './render.ts';
import * as readCode from './read-code.ts';

export const typescript: Language = {
  id: 'typescript',
  naming: TS_NAMING,
  packageManagers: PACKAGE_MANAGERS,
  packageNames: undefined,
  editors: ['vscode'],
  layout: (_, slug) => typeScriptLayout(slug),
  render: renderTypeScript,
  definitionSchema: packagedSchemaPath,
  code: {
    ...readCode,
    activityNames,
    appendActivity: (_, text, name) => appendActivity(text, name),
    rewrittenActivities: (path) => `createActivities in ${path} does not return an object literal as generated`,
  },
  tools: {
    choose: choosePackageManager,
    require: requirePackageManager,
    manifest: 'package.json',
    label: 'Package manager',
    title: programOf,
    program: programOf,
    // Imported on demand: running other programs needs a large package.
    install: async (options) => (await import('./install.ts')).installDependencies(options),
    checksInstall: false,
    run: async (command, options) => (await import('./install.ts')).runNodeCommand(command, options),
    lockFiles,
  },
  commands: (manager) => ({
    install: commandsOf(manager).install,
    dev: scriptCommand(manager, 'dev'),
    smoke: scriptCommand(manager, 'smoke'),
    check: scriptCommand(manager, 'check'),
    start: scriptCommand(manager, 'start'),
    kuflow: `${commandsOf(manager).exec} kuflow`,
    simulated: 'node --import tsx src/main.ts --dev',
    verify: [
      { command: scriptCommand(manager, 'lint'), text: 'check types and lint' },
      { command: scriptCommand(manager, 'test'), text: 'run the tests of every process' },
    ],
  }),
  // Imported on demand: comparing versions needs a large package.
  diagnosis: async () => (await import('./diagnosis.ts')).nodeDiagnosis,
  // Imported on demand: reading its files needs large packages.
  workspace: async () => (await import('./workspace.ts')).readNodeWorkspace,
  hints: {
    install: 'install the dependencies',
    dev: 'run a local KuFlow and the worker, and restart the worker on changes',
    callActivity: (name) =>
      `call it from a workflow: ownActivities<Activities>().${name}({ processId }), imported from kuflow-worker/workflow`,
    changeWorkflow: (guide) => `use patched(…) (see ${guide})`,
    workflowFiles: ['.nvmrc'],
  },
};

import type { Language } from '../language.ts';
import { appendActivity, inputTypeOf } from './activities.ts';
import * as readCode from './read-code.ts';
import { javaLayout } from './layout.ts';
import { javaPackageNames } from './package-name.ts';
import { renderJava } from './render.ts';
import { definitionSchemaPath } from '../definition-schema.ts';
import { JAVA_NAMING } from './literals.ts';
import { installMavenProject, mavenCommands, mavenReload } from './maven.ts';
import { findJavaHome, requireJdk } from './jdk.ts';

export const java: Language = {
  id: 'java',
  naming: JAVA_NAMING,
  packageManagers: ['maven'],
  packageNames: javaPackageNames,
  editors: ['vscode', 'intellij'],
  layout: javaLayout,
  render: (spec, templates) => Promise.resolve(renderJava(spec, templates)),
  definitionSchema: definitionSchemaPath,
  code: {
    ...readCode,
    appendActivity,
    rewrittenActivities: (path) => `${path} no longer has the structure that was generated`,
  },
  tools: {
    choose: () => 'maven',
    require: (_, env) => requireJdk(env),
    manifest: 'pom.xml',
    label: 'Build tool',
    title: () => 'Maven',
    program: () => 'javac',
    install: installMavenProject,
    checksInstall: true,
    // Imported on demand: running other programs needs a large package.
    run: async (command, options) => (await import('../run-project-tool.ts')).runCommandLine(command, options),
    lockFiles: () => [],
  },
  commands: () => mavenCommands(),
  // Imported on demand: comparing versions needs a large package.
  diagnosis: async () => (await import('./diagnosis.ts')).javaDiagnosis,
  // Imported on demand: reading its files needs large packages.
  workspace: async () => (await import('./workspace.ts')).readMavenBuild,
  localRuntime: async () => {
    const { javaEnvironment } = await import('./trust-store.ts');
    return { check: findJavaHome, environment: javaEnvironment };
  },
  hints: {
    install: 'download the dependencies and build the worker',
    dev: 'run a local KuFlow and the worker',
    ...(mavenReload !== undefined && { reload: mavenReload }),
    callActivity: (name) => `call it from a workflow: activities.${name}(new ${inputTypeOf(name)}(processId))`,
    changeWorkflow: (guide) => `use Workflow.getVersion(…) (see ${guide})`,
  },
};

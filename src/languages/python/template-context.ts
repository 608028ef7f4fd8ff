import { libraryFolder, libraryReadme, type LibraryArchive } from '../library.ts';
import { projectContext } from '../project-context.ts';
import type { ProjectSpec } from '../project-spec.ts';
import { hasActivities } from '../process-actions.ts';
import { Code } from '../templates/code.ts';
import { actionClass, pythonActions } from './actions.ts';
import { pythonCall } from './layout.ts';
import { printImports, type Import } from './imports.ts';
import { pythonLayout } from './process-layout.ts';
import { distributionName } from './package-name.ts';
import { ENVIRONMENT, PIP_VERSION, UV_LOCK, pipInstallCommand, uvSyncCommand, WATCH_OPTIONS } from './tools.ts';

/** The context of the templates that all processes of a project share, except that of its first process. */
export function pythonTemplateContext(spec: ProjectSpec, library: LibraryArchive): object {
  const { name, definition, packageName = '', packageManager, workspace } = spec;
  const distribution = distributionName(name);
  const isUv = packageManager === 'uv';
  const syncCommand = uvSyncCommand({ isMember: workspace !== undefined });
  return {
    ...projectContext(spec, { memory: '256Mi', writesTmp: true }),
    isUv,
    distribution: new Code(distribution),
    package: new Code(packageName),
    description: `KuFlow worker for the process ${definition.process.name ?? definition.process.code}`,
    libraryReadme: new Code(libraryReadme(spec, 'kuflow-worker-python.md')),
    libraryVersion: new Code(library.version),
    libraryFile: `${libraryFolder(spec)}/${library.file}`,
    processFolder: new Code(pythonLayout(spec).part),
    installCommand: new Code(isUv ? syncCommand : 'make install'),
    syncCommand: new Code(syncCommand),
    lockNames: new Code(isUv ? UV_LOCK : 'requirements.txt, with checksums,'),
    pipVersion: new Code(PIP_VERSION),
    // That of a workspace is in its root.
    environment: new Code(workspace === undefined ? ENVIRONMENT : `${workspace.root}/${ENVIRONMENT}`),
    runCommand: new Code(isUv ? `uv run ${distribution}` : `.venv/bin/${distribution}`),
    watchOptions: new Code(WATCH_OPTIONS),
    pythonRun: new Code(isUv ? 'uv run ' : '.venv/bin/'),
    windowsInstall: new Code(pipInstallCommand('cmd').replaceAll(' && ', '\n')),
    ...processList(spec),
  };
}

/** All processes, for the module that lists them. */
function processList(spec: ProjectSpec): object {
  const { definition, additionalProcesses = [] } = spec;
  const classes = new Set<string>();
  const imports: Import[] = [{ module: 'kuflow_worker', name: 'Process' }];
  const use = (module: string, name: string): string => {
    const used = classes.has(name) ? `${name}_${classes.size}` : name;
    classes.add(used);
    imports.push({ module, name: used === name ? name : `${name} as ${used}` });
    return used;
  };
  const processes: string[] = [];
  for (const process of [{ slug: undefined, definition, choices: spec.choices }, ...additionalProcesses]) {
    const { part, prefix } = pythonLayout(spec, process.slug);
    const names = [use(`.${part}.workflow`, `${prefix}Workflow`)];
    if (process.slug === undefined || hasActivities(process.definition))
      names.push(`[${use(`.${part}.activities`, `${prefix}Activities`)}]`);
    processes.push(pythonCall('', 'Process', names, 4, ','));
    for (const action of pythonActions(process.definition, process.choices).workflows)
      processes.push(pythonCall('', 'Process', [use(`.${part}.actions`, actionClass(action))], 4, ','));
  }
  return {
    processImports: new Code(printImports(imports).trimEnd()),
    processes: new Code(processes.join('\n')),
  };
}

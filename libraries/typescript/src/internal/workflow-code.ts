import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';

/** The path of a module relative to another one, which is TypeScript if this code runs from its sources. */
export function modulePath(name: string, from: string): string {
  return fileURLToPath(new URL(`${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from));
}

const INTERCEPTORS = modulePath('./workflow/interceptors', import.meta.url);

/** The code in the workflow sandbox: the workflows of a project, this library's interceptors, and then those of the project. */
export type WorkflowSources = Required<Pick<BundleOptions, 'workflowsPath' | 'workflowInterceptorModules'>>;

/** The sandbox's code for the module with the workflows of a project. Its own interceptors are in `workflow-interceptors` next to it. */
export function workflowSources(workflowsPath: string): WorkflowSources {
  const own = join(dirname(workflowsPath), `workflow-interceptors${extname(workflowsPath)}`);
  return { workflowsPath, workflowInterceptorModules: [INTERCEPTORS, ...(existsSync(own) ? [own] : [])] };
}

/**
 * The workflow code of the worker with this main module: the bundle next to it, which the project's `build` creates, or the module
 * `workflows`, if the worker runs from its sources.
 */
export function workflowCode(main: string): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'interceptors'> {
  const bundle = fileURLToPath(new URL('workflow-bundle.js', main));
  if (main.endsWith('.js') && existsSync(bundle)) return { workflowBundle: { codePath: bundle } };
  const { workflowsPath, workflowInterceptorModules } = workflowSources(modulePath('workflows', main));
  return { workflowsPath, interceptors: { workflowModules: workflowInterceptorModules } };
}

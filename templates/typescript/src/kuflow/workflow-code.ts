import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';

const resolvePath = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const BUNDLE = resolvePath('../workflow-bundle.js');

/** The code in the workflow sandbox: the workflows and their interceptors. */
export const workflowSources = {
  workflowsPath: resolvePath(`../workflows.${extension}`),
  workflowInterceptorModules: [resolvePath(`./workflow/interceptors.${extension}`)],
} satisfies Partial<BundleOptions>;

/** The bundle created by `build`, or the sources if the worker runs from its sources. */
export function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'interceptors'> {
  if (extension === 'js' && existsSync(BUNDLE)) return { workflowBundle: { codePath: BUNDLE } };
  return {
    workflowsPath: workflowSources.workflowsPath,
    interceptors: { workflowModules: workflowSources.workflowInterceptorModules },
  };
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const BUNDLE = here('../workflow-bundle.js');

/** What goes into the workflow sandbox: the workflows, and the interceptor that guards them. */
export const workflowSources = {
  workflowsPath: here(`../workflows.${extension}`),
  workflowInterceptorModules: [here(`./workflow/encryption-guard.${extension}`)],
} satisfies Partial<BundleOptions>;

/** The bundle that `build` made, or, when this runs from its sources, the sources. */
export function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'interceptors'> {
  if (extension === 'js' && existsSync(BUNDLE)) return { workflowBundle: { codePath: BUNDLE } };
  return {
    workflowsPath: workflowSources.workflowsPath,
    interceptors: { workflowModules: workflowSources.workflowInterceptorModules },
  };
}

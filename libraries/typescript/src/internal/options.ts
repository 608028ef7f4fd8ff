import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { AppSettings } from './app-settings.ts';
import type { KuFlowClient } from './client.ts';
import type { Validators } from './task-data.ts';

/** What a project tells its worker. */
export interface WorkerOptions<Settings = unknown, Resources = unknown> {
  /** The name of your project, which KuFlow and the engine see. */
  readonly name: string;
  /** `import.meta.url` of the main module. Its folder contains the module `workflows` and, after a build, `workflow-bundle.js`. */
  readonly main: string;
  /** The module `workflows`. Every function that it exports is a workflow type. */
  readonly workflows: object;
  /** Reads your own settings. */
  readonly settings?: (app: AppSettings) => Settings;
  /** Opens what your activities need, such as connections to a database, before the worker starts. */
  readonly openResources?: (settings: Settings) => Resources | Promise<Resources>;
  /** Closes the resources after the last activity has ended, in at most 5 seconds. */
  readonly closeResources?: (resources: Resources) => unknown;
  /** Creates your own activities. `kuflow` calls KuFlow's API with the credentials of the worker. */
  readonly createActivities?: (dependencies: {
    readonly kuflow: KuFlowClient;
    readonly settings: Settings;
    readonly resources: Resources;
  }) => object;
  /** Temporal's interceptors around your activities and KuFlow's. Those of workflows are in the module `workflow-interceptors`. */
  readonly activityInterceptors?: readonly ActivityInterceptorsFactory[];
  /** Checks the data of system tasks. `kuflow sync` generates them from the process definitions. */
  readonly validators?: Validators;
}

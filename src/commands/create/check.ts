import type { CreateDependencies } from './create-project.ts';
import { platformReporter } from '../../platform/session/view.ts';
import type { Progress } from '../../terminal/progress.ts';

/** How `create` looks at the connection of the project that it made. */
export function projectCheck(env: NodeJS.ProcessEnv, progress: Progress): CreateDependencies['check'] {
  return async ({ local, ...project }) => {
    // Loaded only now: they bring the whole platform with them.
    const { checkLocalProject, checkProjectConnection } = await import('./check-project.ts');
    if (!local) return checkProjectConnection({ ...project, env });
    return checkLocalProject({
      ...project,
      env,
      platform: platformReporter({ progress, requests: false, processes: false }),
    });
  };
}

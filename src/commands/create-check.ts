import type { CreateDependencies } from '../flows/create.ts';
import type { CommandContext } from './context.ts';

/** How `create` looks at the connection of the project that it made. */
export function projectCheck(context: CommandContext): CreateDependencies['check'] {
  return async ({ folder, local, report, signal }) => {
    if (local) return { kind: 'not-run', reason: 'a project for the local platform checks itself in `npm run smoke`' };
    const { checkProjectConnection } = await import('../flows/check-project.ts');
    return checkProjectConnection({ folder, env: context.env, report, signal });
  };
}

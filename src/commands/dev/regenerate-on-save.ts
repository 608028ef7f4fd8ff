import { KnownError } from '../../base/errors.ts';
import type { DevPlatformRequest } from '../../platform/session/start-dev-platform.ts';
import { isProject } from '../../process/find-project.ts';

/**
 * The request with the wish to serve what is saved to the definition files. In a worker project, the code that follows from these files is
 * regenerated too. With other definition files, the code of the project follows from something else and stays as it is.
 */
export function followingRequest(request: DevPlatformRequest, version: string): DevPlatformRequest {
  const { cwd, env, report, signal, definitionFiles = [] } = request;
  const regenerates = definitionFiles.length === 0 && isProject(cwd);
  return {
    ...request,
    onDefinitionsChanged: async (before) => {
      if (!regenerates) return;
      // Loaded on demand: it needs the templates.
      const { regenerateDefinitionCode } = await import('../../project/edit/regenerate.ts');
      const { recoveryText } = await import('../../project/edit/journal.ts');
      try {
        const result = await regenerateDefinitionCode({
          ...{ folder: cwd, env, version, before, signal },
          onRecovered: (recovery) => report({ kind: 'warning', message: recoveryText(recovery) }),
        });
        report({ kind: 'code-regenerated', ...result });
      } catch (error) {
        if (!(error instanceof KnownError)) throw error;
        report({ kind: 'warning', message: `The code was not regenerated: ${error.message}` });
      }
    },
  };
}

import { createHash } from 'node:crypto';
import { messageOf } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import { validatorModule } from '../../schema/compile.ts';
import { referenceChecks } from '../../schema/kuflow-formats.ts';
import { badRequest } from '../domain/api-error.ts';
import type { CompiledValidators } from '../shared/dev-contract.ts';

const MAX_MODULES = 200;

/** The scripts with which the console validates data. */
export function createCompiledSchemas() {
  const modules = new Map<string, string>();
  return {
    /** Throws an ApiError if they can't be compiled. */
    add: (given: readonly Record<string, unknown>[]): CompiledValidators => {
      // The console loads the script without a token, so its address can't be guessed without the schemas.
      const hash = createHash('sha256').update(canonicalJson(given)).digest('hex');
      const module = modules.get(hash) ?? compileSchemas(given);
      modules.delete(hash);
      modules.set(hash, module);
      for (const oldest of modules.keys()) if (modules.size > MAX_MODULES) modules.delete(oldest);
      return { url: `/console/validators/${hash}` };
    },
    find: (hash: string): string | undefined => modules.get(hash),
  };
}

export type CompiledSchemas = ReturnType<typeof createCompiledSchemas>;

function compileSchemas(schemas: readonly Record<string, unknown>[]): string {
  try {
    return validatorModule(schemas, referenceChecks());
  } catch (error) {
    throw badRequest(`A schema can't be compiled: ${messageOf(error)}`, 'schemas');
  }
}

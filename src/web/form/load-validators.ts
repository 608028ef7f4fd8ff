import { addValidators, hasValidators, wholeSchemas, type ValidatorModule } from '../../schema/validate.ts';
import type { CompiledValidators } from '../../platform/shared/contract.ts';
import type { DataShape } from '../../process/definition.ts';
import { callApi } from '../api.ts';

/** Loads what validates data of this shape, which the platform compiles. */
export async function loadValidators(shape: DataShape): Promise<void> {
  const schemas = wholeSchemas(shape);
  if (hasValidators(schemas)) return;
  const { url } = await callApi<CompiledValidators>('POST', '/_dev/validators', { body: { schemas } });
  const loaded = (await import(url)) as { readonly default: ValidatorModule };
  addValidators(schemas, loaded.default);
}

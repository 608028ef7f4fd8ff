import type { Json, JsonObject } from '../../src/base/json.ts';
import { printExpression } from '../../src/languages/python/wrap.ts';
import { valueExpression } from '../../src/languages/python/literals.ts';
import { declarationOfSchema } from '../../src/languages/typescript/schema-types.ts';

/** The TypeScript type of the values of a schema. */
export function typeOfSchema(schema: JsonObject): string {
  return declarationOfSchema('T', schema)
    .replace(/^export (?:interface T |type T = )/, '')
    .replace(/;?\n$/, '');
}

/** A literal in Python whose first line starts at `indent`. */
export function pyValue(value: Json, indent = 0, lineLength = 120): string {
  return printExpression(valueExpression(value), { indent, column: indent, after: 0, lineLength });
}

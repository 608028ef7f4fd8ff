/**
 * Compiles the pattern of a schema: in Unicode mode, which JSON Schema recommends, or without it, as many patterns need
 * (`[\w-.]`, `\_`). Throws a SyntaxError if it is invalid in both.
 */
export function schemaPattern(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return new RegExp(pattern);
  }
}

/** Value of Ajv's option `code`. */
export const schemaPatterns = { regExp: Object.assign(schemaPattern, { code: 'schemaPattern' }) };

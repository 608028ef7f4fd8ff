/**
 * The regular expression of a schema: in Unicode mode, which JSON Schema recommends, else without it, as many are written
 * (`[\w-.]`, `\_`). Throws a SyntaxError for one that is none in either.
 */
export function schemaPattern(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return new RegExp(pattern);
  }
}

/** For Ajv's option `code`. */
export const schemaPatterns = { regExp: Object.assign(schemaPattern, { code: 'schemaPattern' }) };

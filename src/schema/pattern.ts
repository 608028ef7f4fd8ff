/** In Unicode mode as JSON Schema recommends, or without it as `[\w-.]` and `\_` need. Throws a SyntaxError if it is invalid in both. */
export function schemaPattern(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return new RegExp(pattern);
  }
}

/** Value of Ajv's option `code`. */
export const schemaPatterns = { regExp: Object.assign(schemaPattern, { code: 'schemaPattern' }) };

/** How many steps of a pattern the console can wait for. */
export const MOST_STEPS = 100_000_000;

/** A rough upper bound of the steps of a test. Infinity for a repeated group, which may contain repetitions. */
export function backtrackingSteps(pattern: string, length: number): number {
  const literal = pattern
    .replace(/\\./gs, 'x')
    .replace(/\[[^\]]*\]/g, 'x')
    .replaceAll('(?', '(');
  if (/\)[*+{]/.test(literal)) return Infinity;
  const repetitions = literal.match(/[*+{]/g)?.length ?? 0;
  const choices = literal.match(/[?|]/g)?.length ?? 0;
  return (length + 1) ** (repetitions + 1) * 2 ** choices;
}

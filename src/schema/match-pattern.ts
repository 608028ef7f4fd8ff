import { createContext, Script, type Context } from 'node:vm';
import { backtrackingSteps, schemaPattern } from './pattern.ts';

const FEW_STEPS = 1_000_000;
/** Milliseconds, enough for an ordinary pattern on a busy machine. */
const LONGEST = 200;
/** Milliseconds for another text, once a pattern was slow: a list of processes checks many values. */
const LONGEST_AGAIN = 20;

const slowPatterns = new Set<string>();
let limited: { readonly context: Context; readonly script: Script } | undefined;

/** Whether a text matches a pattern of a schema. False if the pattern is invalid or takes too long. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (slowPatterns.has(pattern)) return false;
  try {
    return testWithin(schemaPattern(pattern), text, LONGEST) ?? false;
  } catch {
    return false;
  }
}

/** Runs the patterns of a schema. The tests of one check share a time limit of 200 ms; a text whose test exceeds it does not match. */
export interface PatternTests {
  /** Ajv's option `code.regExp`. */
  readonly regExp: ((pattern: string) => { test(text: string): boolean }) & { readonly code: string };
  /** Begins the next check. */
  begin(): void;
}

export function createPatternTests(): PatternTests {
  let spent = 0;
  const regExp = (pattern: string): { test(text: string): boolean; toString(): string } => {
    const expression = schemaPattern(pattern);
    return {
      test: (text) => {
        if (spent >= LONGEST) return false;
        const start = performance.now();
        const longest = slowPatterns.has(expression.source) ? LONGEST_AGAIN : LONGEST;
        const matches = testWithin(expression, text, Math.min(longest, LONGEST - spent));
        spent += performance.now() - start;
        return matches ?? false;
      },
      // Ajv tells patterns apart by their text.
      toString: () => expression.toString(),
    };
  };
  return { regExp: Object.assign(regExp, { code: 'schemaPattern' }), begin: () => (spent = 0) };
}

/** Undefined if the test takes longer than `ms`: the time that `^(a+)+$` takes doubles with each letter. */
function testWithin(expression: RegExp, text: string, ms: number): boolean | undefined {
  if (backtrackingSteps(expression.source, text.length) <= FEW_STEPS) return expression.test(text);
  limited ??= { context: createContext({}), script: new Script('expression.test(text)') };
  Object.assign(limited.context, { expression, text });
  try {
    return limited.script.runInContext(limited.context, { timeout: Math.max(1, Math.ceil(ms)) }) === true;
  } catch {
    slowPatterns.add(expression.source);
    return undefined;
  }
}

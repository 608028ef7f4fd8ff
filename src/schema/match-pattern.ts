import { createContext, Script, type Context } from 'node:vm';
import { backtrackingSteps, schemaPattern } from './pattern.ts';

const FEW_STEPS = 1_000_000;
/** Milliseconds of the processor, enough for an ordinary pattern. */
const LONGEST = 200;
/** Milliseconds of the processor for another text, once a pattern was slow: a list of processes checks many values. */
const LONGEST_AGAIN = 20;
/** On a busy machine, a test has the processor for a part of the time. */
const BUSY_FACTOR = 10;

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

/**
 * Runs the patterns of a schema, as Ajv's option `code.regExp`. The tests of one check share 200 ms of the processor; a text whose test exceeds it
 * does not match. `begin` begins the next check.
 */
export function createPatternTests() {
  let spent = 0;
  const regExp = (pattern: string): { test(text: string): boolean; toString(): string } => {
    const expression = schemaPattern(pattern);
    return {
      test: (text) => {
        if (spent >= LONGEST) return false;
        const start = process.cpuUsage();
        const longest = slowPatterns.has(expression.source) ? LONGEST_AGAIN : LONGEST;
        const matches = testWithin(expression, text, Math.min(longest, LONGEST - spent));
        spent += cpuSince(start);
        return matches ?? false;
      },
      // Ajv tells patterns apart by their text.
      toString: () => expression.toString(),
    };
  };
  return { regExp: Object.assign(regExp, { code: 'schemaPattern' }), begin: (): void => void (spent = 0) };
}

/**
 * Undefined if the test takes longer than `ms` of the processor: the time that `^(a+)+$` takes doubles with each letter. Where the machine was
 * busy in that time, the test runs once more, with a longer limit.
 */
function testWithin(expression: RegExp, text: string, ms: number): boolean | undefined {
  if (backtrackingSteps(expression.source, text.length) <= FEW_STEPS) return expression.test(text);
  limited ??= { context: createContext({}), script: new Script('expression.test(text)') };
  Object.assign(limited.context, { expression, text });
  for (const factor of [1, BUSY_FACTOR]) {
    const start = process.cpuUsage();
    const timeout = Math.max(1, Math.ceil(ms * factor));
    try {
      return limited.script.runInContext(limited.context, { timeout }) === true;
    } catch {
      if (cpuSince(start) >= ms / 2) break;
    }
  }
  slowPatterns.add(expression.source);
  return undefined;
}

/** Milliseconds of the processor. */
function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

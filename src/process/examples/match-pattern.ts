import { createContext, Script, type Context } from 'node:vm';
import { codeOf } from '../../base/errors.ts';

// The time of a pattern can grow exponentially: that of `^(a+)+$` doubles with each letter.
const LONGEST_MS = 20;
const tooSlow = new Set<string>();
// The same as `schemaPattern`, inside the context.
const READ = 'function read() { try { return new RegExp(pattern, "u"); } catch { return new RegExp(pattern); } }\n';

let test: { readonly context: Context; readonly script: Script } | undefined;

/** Whether a text matches a pattern of a schema. False if the pattern is invalid or takes too long. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (tooSlow.has(pattern)) return false;
  test ??= { context: createContext({}), script: new Script(`${READ}read().test(text)`) };
  Object.assign(test.context, { pattern, text });
  try {
    return test.script.runInContext(test.context, { timeout: LONGEST_MS }) === true;
  } catch (error) {
    if (codeOf(error) === 'ERR_SCRIPT_EXECUTION_TIMEOUT') tooSlow.add(pattern);
    return false;
  }
}

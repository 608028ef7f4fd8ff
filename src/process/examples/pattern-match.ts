import { createContext, Script, type Context } from 'node:vm';
import { codeOf } from '../../base/errors.ts';

// Patterns of a schema may take longer than anybody waits: `^(a+)+$` doubles its time with each letter.
const LONGEST_MS = 20;
const tooSlow = new Set<string>();
// As `schemaPattern` does, in the context.
const READ = 'function read() { try { return new RegExp(pattern, "u"); } catch { return new RegExp(pattern); } }\n';

let test: { readonly context: Context; readonly script: Script } | undefined;

/** Whether the text matches a regular expression of a schema; not when it is none that we read, or takes too long to say. */
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

import { spaces } from '../../base/spaces.ts';
import { displayWidth, printStatement, withArguments, type Expression } from './layout.ts';

/** The code `before callee(args) after`, formatted like `ruff format`. */
export function pythonCall(
  before: string,
  callee: string,
  args: readonly Expression[],
  indent: number,
  after = '',
): string {
  const start = spaces(indent) + before;
  const place = { indent, column: displayWidth(start), after: displayWidth(after) };
  return start + printStatement(withArguments(`${callee}(`, args, ')'), place) + after;
}

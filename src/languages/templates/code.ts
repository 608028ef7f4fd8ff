/** Code that this tool's own generators produced. Like `Secret`, it is a separate type: templates print nothing else unescaped. */
export class Code {
  /** The compiler accepts no other object with a text as code. */
  declare protected readonly nominal: never;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Lines of code, without blank lines at the end. */
export const codeLines = (lines: readonly string[]): Code => new Code(lines.join('\n').trimEnd());

/** Where an expression is: `before` and `after` are on the same line, which is indented by `indent` spaces. */
export interface CodePosition {
  readonly indent: number;
  readonly before: string;
  readonly after: string;
}

/** As many spaces, such as the indentation of a line. */
export function spaces(count: number): string {
  return ' '.repeat(count);
}

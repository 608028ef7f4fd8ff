/** Code that this tool's own generators produced. Like `Secret`, it is a separate type: templates print nothing else unescaped. */
export class Code {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Text of a target language that our own generators made, in the way `Secret` is a type: a template prints nothing else unescaped. */
export class Code {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

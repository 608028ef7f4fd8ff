const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/gs;
const CONTROLS: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  b: '\b',
  a: '\x07',
  '0': '\0',
};

/** The value of a string literal in Python code, with its quotes. */
export function stringValue(literal: string): string {
  return literal.slice(1, -1).replace(ESCAPE, (_, x?: string, u?: string, long?: string, other: string = '') => {
    const hex = x ?? u ?? long;
    if (hex === undefined) return CONTROLS[other] ?? other;
    const point = Number.parseInt(hex, 16);
    return point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point);
  });
}

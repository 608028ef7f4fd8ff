/** As many spaces, such as the indentation of a line. */
export function spaces(count: number): string {
  return ' '.repeat(count);
}

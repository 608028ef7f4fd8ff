const PLAIN = /^[A-Za-z0-9_@%+:,./][A-Za-z0-9_@%+=:,./-]*$|^-[A-Za-z0-9_@%+=:,./-]*$/;

/** One word of a POSIX shell's command line with that value; NUL, which no argument can hold, is dropped. */
export function shellWord(text: string): string {
  const value = text.replaceAll('\0', '');
  return PLAIN.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

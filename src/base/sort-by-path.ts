/** By UTF-16 code units, so the same on every machine. */
export function sortByPath<File extends { readonly path: string }>(files: readonly File[]): readonly File[] {
  return files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

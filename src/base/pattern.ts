/** A pattern for the text that is not part of a longer name. */
export function wordPattern(text: string): string {
  return `(?<![\\p{L}\\p{N}_$])${escapePattern(text)}(?![\\p{L}\\p{N}_$])`;
}

/** A pattern for exactly this text. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

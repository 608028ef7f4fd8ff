/** Whether a title says no more than the name in code that it describes, such as "Last name" for `lastName` or `LAST_NAME`. */
export function repeatsName(title: string, name: string): boolean {
  return lettersOf(title) === lettersOf(name);
}

function lettersOf(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}]/gu, '').toLowerCase();
}

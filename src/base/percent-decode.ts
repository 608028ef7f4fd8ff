/** A percent-encoded text in clear; one that is not rightly encoded as it is. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

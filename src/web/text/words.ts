/** `item-claimed` as `Item claimed`. */
export function sentenceCase(words: string): string {
  const text = words.replaceAll(/[-_]/g, ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A state as a word of a sentence. KuFlow spells `CANCELLED` with two Ls. */
export const stateWord = (state: string): string => (state === 'CANCELLED' ? 'canceled' : state.toLowerCase());

/** `/v2024-06-14/processes/0199…-…` without the version of the API, and with the end of each id only. */
export function shortenPath(path: string): string {
  return path
    .replace(/^\/v\d{4}-\d{2}-\d{2}(?=\/)/, '')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{6}([0-9a-f]{6})/gi, '…$1');
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

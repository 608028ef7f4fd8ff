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
  const [size, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'KiB'] : [bytes / 1024 / 1024, 'MiB'];
  return `${size.toFixed(Number.isInteger(size) ? 0 : 1)} ${unit}`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago `then` was, both in milliseconds: `12 s ago`. A time in the future, as of a clock that differs, is `just now`. */
export function relativeTime(then: number, now: number): string {
  const age = now - then;
  if (age < 5 * SECOND) return 'just now';
  if (age < MINUTE) return `${Math.floor(age / SECOND)} s ago`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h ago`;
  const days = Math.floor(age / DAY);
  return days === 1 ? '1 day ago' : `${days} days ago`;
}

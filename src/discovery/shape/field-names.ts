/**
 * Whether a key is a field name that may be written to a schema. Field names of forms are short words. A key that comes from data (an id, an
 * address, a phone number, a hash, a date, a full name) may be personal data and must not be written. So only words are accepted.
 */
export function isFieldName(key: string): boolean {
  if (key.length > 64 || key in Object.prototype || key === 'prototype') return false;
  return WORD.test(key) && !LONG_DIGITS.test(key) && !HEX.test(key) && !DATE.test(key) && !looksGenerated(key);
}

/** Whether a word begins like the name of a person or place, which is rare for field names. */
export function looksLikeProperName(key: string): boolean {
  return /^\p{Lu}\p{Ll}/u.test(key);
}

const WORD = /^[\p{L}_$][\p{L}\p{M}\p{Nd}_$-]*$/u;
const LONG_DIGITS = /(?:\p{Nd}[_-]?){5}/u;
const HEX = /^(?=(?:[^0-9]*[0-9]){2})[0-9a-f_-]{8,}$/i;
const DATE = /(?:19|20)\d\d[_-]?(?:0[1-9]|1[0-2])/;

// Generated ids (ULID, nanoid, base64) change between letters and digits, or between cases, much more often than words.
function looksGenerated(key: string): boolean {
  if (key.length < 8) return false;
  const humps = key.match(/\p{Ll}(?=\p{Lu})/gu)?.length ?? 0;
  if (humps >= 3 && humps * 3 > key.length) return true;
  const changes = key.match(/\p{L}(?=\p{Nd})|\p{Nd}(?=\p{L})/gu)?.length ?? 0;
  if (changes < 2) return false;
  const runs = key.match(/\p{L}+/gu) ?? [];
  const letters = runs.reduce((sum, run) => sum + run.length, 0);
  return letters < runs.length * 3 || (changes >= 6 && key.length >= 16);
}

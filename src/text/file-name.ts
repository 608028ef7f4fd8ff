import { hash, splitWords } from './identifiers.ts';

const PLAIN = /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)$/;
const LONGEST = 60;
// Nobody finds two texts that are alike in so many, and nothing here knows what else there is.
const DIGITS = 20;
// Windows opens devices under these names, with any extension.
const DEVICE = /^(?:con|prn|aux|nul|conin|conout|clock|com\d|lpt\d)$/;

/**
 * One segment of a path for a text, without extension: a-z, 0-9, hyphen and one underscore, at most 62 characters, good on
 * every system, different for different texts even where case doesn't count, and stable as `identifiers` is.
 * KuFlow's codes convert plainly (`LOAN_APPLICATION` to `loan-application`), other texts carry a hash.
 */
export function fileName(text: string): string {
  if (text.length <= LONGEST && PLAIN.test(text)) {
    const plain = text.toLowerCase().replaceAll('_', '-');
    if (!DEVICE.test(plain)) return plain;
  }
  const base = splitWords(text).join('-').slice(0, 40).replace(/-+$/, '');
  return `${base === '' ? 'unnamed' : base}_x${hash(text, DIGITS)}`;
}

import { hash, splitWords } from './identifiers.ts';

const PLAIN = /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)$/;
const LONGEST = 60;
// Long enough that nobody finds two texts with the same digits. Other names are not known here, so collisions can't be resolved.
const DIGITS = 20;
// Windows opens devices with these names, whatever the extension.
const DEVICE = /^(?:con|prn|aux|nul|conin|conout|clock|com[\d¹²³]|lpt[\d¹²³])$/;

/** Whether Windows cannot create a file or folder with this name, because it is a device name or ends with a dot or a space. */
export function isReservedOnWindows(name: string): boolean {
  return /[. ]$/.test(name) || DEVICE.test((name.split('.')[0] ?? '').trim().replace(/\$$/, '').toLowerCase());
}

/** Whether a name is that of the folder of a git repository, or Windows takes it for that. */
export function isGitFolderName(name: string): boolean {
  // Windows ignores dots and spaces at the end of a name, and has short names such as `git~1`.
  return /^(?:\.git|git~\d)[. ]*$/i.test(name);
}

/**
 * Converts a text to a file name without extension: a-z, 0-9, hyphens and one underscore, at most 62 characters, valid on every system.
 * Different texts get different names, even on file systems that ignore case, and the same text always gets the same name.
 * KuFlow codes convert directly (`LOAN_APPLICATION` to `loan-application`); other texts get a hash.
 */
export function fileName(text: string): string {
  if (text.length <= LONGEST && PLAIN.test(text)) {
    const plain = text.toLowerCase().replaceAll('_', '-');
    if (!DEVICE.test(plain)) return plain;
  }
  const base = splitWords(text).join('-').slice(0, 40).replace(/-+$/, '');
  return `${base === '' ? 'unnamed' : base}_x${hash(text, DIGITS)}`;
}

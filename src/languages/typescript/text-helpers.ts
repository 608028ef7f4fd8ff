import { isTsIdentifier, tsComment, tsString } from './literals.ts';

/** Template helpers for places in TypeScript code. */
export const TYPESCRIPT_HELPERS = {
  tsString,
  tsComment: (text: string) => tsComment(text),
  tsIdentifier: (text: string) => {
    if (!isTsIdentifier(text)) throw new TypeError('tsIdentifier: not an identifier');
    return text;
  },
};

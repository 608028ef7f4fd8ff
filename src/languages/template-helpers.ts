import type { HelperDelegate, HelperOptions } from 'handlebars';
import { printableJson, yamlString } from '../base/escape.ts';
import { mdCode, mdText } from '../base/markdown.ts';
import { cmdWord, plainWord, posixWord } from '../base/shell.ts';
import { javaDoc, javaString } from './java/literals.ts';
import { pyComment, pyDoc, pyString, tomlString } from './python/literals.ts';
import { isTsIdentifier, tsComment, tsString } from './typescript/literals.ts';
import { Code } from './templates/code.ts';

const TEXT_HELPERS: Readonly<Record<string, (text: string) => string>> = {
  tsString,
  tsComment: (text) => tsComment(text),
  tsIdentifier: (text) => {
    if (!isTsIdentifier(text)) throw new TypeError('tsIdentifier: not an identifier');
    return text;
  },
  javaString,
  javaDoc: (text) => javaDoc(text),
  pyString,
  pyComment: (text) => pyComment(text),
  pyDoc: (text) => pyDoc(text),
  tomlString,
  yamlString,
  json: (text) => printableJson(text),
  mdText: (text) => mdText(text),
  mdCode: (text) => mdCode(text),
  shellWord: posixWord,
  cmdWord,
  word: plainWord,
};

/** Helpers that print a value, one for each kind of place in a file. Each accepts exactly one value. */
export const VALUE_HELPERS: readonly string[] = [...Object.keys(TEXT_HELPERS), 'code'];

/** Block helpers: `#list items` renders its block for each item, `#when flag` accepts an `{{else}}`. */
export const BLOCK_HELPERS = ['list', 'when'] as const;

/**
 * Every helper rejects undefined: Handlebars' own `strict` mode checks neither helper arguments nor block conditions. `onItem` is called with
 * the text of each item that a list renders, and may throw.
 */
export function templateHelpers(
  onItem: (text: string) => void = () => undefined,
): Readonly<Record<string, HelperDelegate>> {
  const texts = Object.entries(TEXT_HELPERS).map(([name, print]) => [name, textHelper(name, print)] as const);
  return {
    ...Object.fromEntries(texts),
    code: (value: unknown) => {
      if (!(value instanceof Code)) throw new TypeError('code: expected a Code value');
      return value.text;
    },
    list(this: unknown, value: unknown, options: HelperOptions) {
      if (!Array.isArray(value)) throw new TypeError('list: expected an array');
      const texts = value.map((item) => {
        const text = options.fn(item);
        onItem(text);
        return text;
      });
      return texts.join('');
    },
    when(this: unknown, value: unknown, options: HelperOptions) {
      if (typeof value !== 'boolean') throw new TypeError('when: expected a boolean');
      return value ? options.fn(this) : options.inverse(this);
    },
  };
}

function textHelper(name: string, print: (text: string) => string): HelperDelegate {
  return (value: unknown) => {
    if (typeof value !== 'string') throw new TypeError(`${name}: expected a string`);
    return print(value);
  };
}

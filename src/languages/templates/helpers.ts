import type { HelperDelegate, HelperOptions } from 'handlebars';
import { printableJson } from '../../text/json.ts';
import { mdCode, mdText } from '../../text/markdown.ts';
import { shellWord } from '../../text/shell.ts';
import { isTsIdentifier, tsComment, tsString } from '../typescript/literals.ts';
import { yamlString } from '../../text/yaml.ts';
import { Code } from './code.ts';

/** Helpers that print a value, one for each kind of place in a file. Each accepts exactly one value. */
export const VALUE_HELPERS = [
  'tsString',
  'tsComment',
  'tsIdentifier',
  'yamlString',
  'json',
  'mdText',
  'mdCode',
  'shellWord',
  'code',
] as const;

/** Block helpers: `#list items` renders its block for each item, `#when flag` accepts an `{{else}}`. */
export const BLOCK_HELPERS = ['list', 'when'] as const;

/** Every helper rejects undefined: Handlebars' own `strict` mode checks neither helper arguments nor block conditions. */
export function templateHelpers(): Record<
  (typeof VALUE_HELPERS)[number] | (typeof BLOCK_HELPERS)[number],
  HelperDelegate
> {
  return {
    tsString: textHelper('tsString', tsString),
    tsComment: textHelper('tsComment', (text) => tsComment(text)),
    tsIdentifier: textHelper('tsIdentifier', (text) => {
      if (!isTsIdentifier(text)) throw new TypeError('tsIdentifier: not an identifier');
      return text;
    }),
    yamlString: textHelper('yamlString', yamlString),
    json: textHelper('json', (text) => printableJson(text)),
    mdText: textHelper('mdText', (text) => mdText(text)),
    mdCode: textHelper('mdCode', (text) => mdCode(text)),
    shellWord: textHelper('shellWord', shellWord),
    code: (value: unknown) => {
      if (!(value instanceof Code)) throw new TypeError('code: expected a Code value');
      return value.text;
    },
    list(this: unknown, value: unknown, options: HelperOptions) {
      if (!Array.isArray(value)) throw new TypeError('list: expected an array');
      return value.map((item) => options.fn(item)).join('');
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

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { format } from 'oxfmt';
import { ROOT } from './bundle.mjs';

/**
 * Formats the text of a file as `npm run format` does.
 * @param {string} path
 * @param {string} text
 */
export async function formatText(path, text) {
  const options = JSON.parse(await readFile(join(ROOT, '.oxfmtrc.json'), 'utf8'));
  const { code, errors } = await format(basename(path), text, options);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  return code;
}

import { replaceGeneratedPart, table, tableCell } from './generated-part.mjs';

/**
 * docs/reference/settings.md with its table of keys.
 * @param {string} page
 * @param {typeof import('../src/settings/keys.ts').SETTING_KEYS} keys
 * @returns {string}
 */
export function settingsPage(page, keys) {
  const rows = keys.map(({ name, env, fileEnv, default: standard, required, description }) => {
    const variables = [env, fileEnv].flatMap((variable) => (variable === undefined ? [] : [`\`${variable}\``]));
    const value = standard === undefined ? (required === true ? 'required' : '') : `\`${standard}\``;
    return [`\`${name}\``, variables.join(', '), value, tableCell(description)];
  });
  return replaceGeneratedPart(page, 'settings', table(['key', 'environment variable', 'default', 'meaning'], rows));
}

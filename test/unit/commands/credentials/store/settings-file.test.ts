import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KnownError } from '../../../../../src/base/errors.ts';
import { editSettings, settingTexts } from '../../../../../src/commands/credentials/store/settings-file.ts';

const CERT = '.kuflow/credentials/one/client.pem';
const VALUES = {
  'temporal.mutual-tls.cert': CERT,
  'temporal.mutual-tls.key': '.kuflow/credentials/one/client.key',
  'temporal.namespace': 'loans.prod',
} as const;
const ADDED = /^( *)(temporal:|mutual-tls:|cert: \S+|key: \S+|namespace: \S+)$/;

/** The lines that were added. All original lines must be there in the same order. */
function addedLines(before: string, after: string): readonly string[] {
  const old = before.split('\n');
  const added: string[] = [];
  for (const line of after.split('\n')) {
    if (line === old[0]) old.shift();
    else added.push(line.replace('\r', ''));
  }
  // A last line without a line break gets one before the added lines.
  if (old.length === 1 && old[0] !== '' && added[0] === old[0]?.replace('\r', '')) old.shift();
  expect(old, after).toEqual([]);
  return added;
}

describe('editSettings', () => {
  it('creates a new text', () => {
    const text = editSettings(undefined, VALUES);
    expect(parse(text)).toMatchObject({ temporal: { namespace: 'loans.prod', 'mutual-tls': { cert: CERT } } });
    expect(editSettings(' \n', VALUES)).toBe(text);
    expect(settingTexts(text, ['temporal.mutual-tls.cert', 'temporal.mutual-tls.ca'])).toEqual({
      'temporal.mutual-tls.cert': CERT,
    });
  });

  it.each([
    ['adds keys at the end of their map', 'temporal:\n  target: a:1 # t\n\n# end\nworker:\n    health-port: 1\n'],
    ['follows deeper indentation', 'kuflow:\n    api:\n        client-id: x\ntemporal:\n    target: a:1\n'],
    ['accepts a text with only a comment', '# nothing here yet\n'],
    ['accepts a last line without a line break', 'kuflow:\n  api:\n    client-id: x'],
    ['accepts an empty section', 'temporal: # mine\nkuflow:\n  api: {}\n'],
    ['accepts a block scalar at the end', 'temporal:\n  note: |\n    one\n    two\n\nz: 1\n'],
    ['accepts a list at the end', 'temporal:\n  more:\n    - a: 1\n      b: 2\n# tail\n'],
    ['keeps Windows line endings', '# c\r\ntemporal:\r\n  target: a:1\r\n\r\nz: "1"   # q\r\n'],
    ['keeps a byte order mark', '\ufeffz:   1\n'],
    ['keeps flow values elsewhere', 'z: {a:   1,b: 2}\n"temporal":\n  target:   "a:1"\n'],
  ])('%s', (_name, before) => {
    const after = editSettings(before, VALUES);
    for (const line of addedLines(before, after)) expect(line).toMatch(ADDED);
    expect(parse(after)).toMatchObject({ temporal: { namespace: 'loans.prod', 'mutual-tls': { cert: CERT } } });
    expect(/[^\r]\n/.test(after)).toBe(/[^\r]\n/.test(before) || !before.includes('\n'));
    expect(editSettings(after, VALUES)).toBe(after);
  });

  it('changes values in place', () => {
    const before =
      'temporal:\n  namespace: \'old\' # why\n  mutual-tls: # files\n    ca: x\n    cert:\n    key: "a b"   # k\n';
    expect(editSettings(before, VALUES)).toBe(
      `temporal:\n  namespace: loans.prod # why\n  mutual-tls: # files\n    ca: x\n    cert: ${CERT}\n    key: .kuflow/credentials/one/client.key   # k\n`,
    );
  });

  it('quotes values that would be read as something else', () => {
    for (const namespace of ['1234', 'true', 'a: b', '# a', 'null', '- x', "it's"]) {
      const after = editSettings('z: 1\n', { 'temporal.namespace': namespace });
      expect(parse(after)).toEqual({ z: 1, temporal: { namespace } });
    }
  });

  it('rewrites a map that has no separate lines for its keys, without losing anything', () => {
    for (const before of [
      'temporal: {target: "a:1"} # kept\nz: 1\n',
      'temporal:\n  namespace: |\n    old\nz: 1\n',
      '{temporal: {namespace: old}, z: 1}\n',
      'temporal: null\nz: 1\n',
    ]) {
      const after = editSettings(before, VALUES);
      expect(parse(after)).toMatchObject({ z: 1, temporal: { namespace: 'loans.prod', 'mutual-tls': { cert: CERT } } });
      expect(after.includes('# kept')).toBe(before.includes('# kept'));
      expect(editSettings(before.replaceAll('\n', '\r\n'), VALUES)).toBe(after.replaceAll('\n', '\r\n'));
    }
  });

  it('rejects text that is not a map or repeats a key, without quoting it', () => {
    for (const before of [
      '- canary\n',
      'canary\n',
      'a: canary\na: b\n',
      'a: "canary\n',
      '---\na: canary\n---\nb: 1\n',
      '\t: canary',
    ]) {
      expect(() => editSettings(before, VALUES), before).toThrow(KnownError);
      expect(() => editSettings(before, VALUES), before).not.toThrow(/canary/);
    }
    expect(() => editSettings('a: 1\nb: 1\na: 2\n', VALUES)).toThrow('twice, line 3');
  });

  it('rejects an edit that would change another key', () => {
    expect(() => editSettings('temporal:\n  namespace: &n old\nother: *n\n', VALUES)).toThrow('anchor');
    expect(parse(editSettings('other: &n old\ntemporal:\n  namespace: *n\n', VALUES))).toMatchObject({
      other: 'old',
      temporal: { namespace: 'loans.prod' },
    });
  });

  it('keeps every byte outside its own keys', () => {
    const word = fc.constantFrom('a', 'target', 'é', 'z-1', '"q u"', "'s'");
    const scalar = fc.constantFrom('1', 'x y', '"a: b"', "'#no'", '[1,  2]', '{k:  v}', '|\n      t\n', '');
    const blank = fc.constantFrom('', '\n', '# note: x\n', '   # far\n', '\n\n');
    const inner = fc.uniqueArray(fc.tuple(word, scalar, blank, fc.constantFrom('', ' # c')), {
      maxLength: 4,
      selector: ([key]) => key,
    });
    const section = fc.tuple(
      fc.constantFrom('temporal', 'kuflow', 'other', 'worker'),
      inner,
      blank,
      fc.constantFrom('  ', '    ', '   '),
    );
    const file = fc
      .tuple(
        blank,
        fc.uniqueArray(section, { maxLength: 4, selector: ([name]) => name }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.boolean(),
      )
      .map(([start, sections, lineEnd, mark, ended]) => {
        const body = sections
          .map(([name, keys, after, indent]) => {
            const lines = keys.map(([key, value, more, comment]) =>
              value.startsWith('|')
                ? `${indent}${key}: ${value}${more}`
                : `${indent}${key}: ${value}${comment}\n${more}`,
            );
            return `${name}:\n${lines.join('')}${after}`;
          })
          .join('');
        const text = (start + body).replaceAll('\n', lineEnd);
        return (mark ? '\ufeff' : '') + (ended ? text : text.trimEnd());
      });
    fc.assert(
      fc.property(file, (before) => {
        const after = editSettings(before, VALUES);
        expect(parse(after)).toMatchObject({ temporal: { namespace: 'loans.prod', 'mutual-tls': { cert: CERT } } });
        if (before.replace('\ufeff', '').trim() === '') return;
        for (const line of addedLines(before, after)) {
          const last = before.split('\n').at(-1);
          if (line !== last) expect(line, `${JSON.stringify(before)}\n${after}`).toMatch(ADDED);
        }
        expect(editSettings(after, VALUES)).toBe(after);
      }),
      { numRuns: 400 },
    );
  });
});

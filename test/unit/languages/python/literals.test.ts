import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../../src/languages/python/wrap.ts';
import {
  isPythonField,
  isPythonIdentifier,
  pyComment,
  pyCommentLines,
  pyDoc,
  pyString,
  tomlString,
} from '../../../../src/languages/python/literals.ts';
import { pyValue } from '../../../support/printed-schemas.ts';
import { anyText, HOSTILE } from '../../base/hostile.ts';

const PRINTABLE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;
/** A directive in a comment, also after other text. */
const DIRECTIVE =
  /#\s*(?:(?:noqa|nosec|pragma)\b|(?:type|fmt|yapf|isort|ruff|flake8|mypy|pyright|pylint)\s*:)|^.*coding[:=]/i;

const texts = fc.oneof(fc.constantFrom(...HOSTILE), anyText);

describe('strings in Python', () => {
  it('are quoted as ruff does', () => {
    expect(pyString('plain')).toBe('"plain"');
    expect(pyString("Applicant's name")).toBe(`"Applicant's name"`);
    expect(pyString('the "best" one')).toBe(`'the "best" one'`);
    expect(pyString(`'"`)).toBe(`"'\\""`);
    expect(pyString('Solicitud de préstamo 🎉')).toBe('"Solicitud de préstamo 🎉"');
  });

  it('show hidden characters as escapes', () => {
    expect(pyString('a\n\f\0\\n')).toBe('"a\\n\\u000c\\u0000\\\\n"');
    expect(pyString('\u202e\ud800\u{e0001}')).toBe('"\\u202e\\ud800\\U000e0001"');
    fc.assert(fc.property(texts, (text) => PRINTABLE.test(pyString(text))));
  });

  it('are valid in TOML', () => {
    expect(tomlString('a "b" \\ c\n\u{e0001}')).toBe('"a \\"b\\" \\\\ c\\n\\U000e0001"');
    expect(tomlString('\ud800')).toBe('"\ufffd"');
  });
});

describe('names in Python', () => {
  it('are identifiers that are not reserved', () => {
    const names = ['loan_application', 'préstamo', '日本', '_x', 'x1'];
    const others = ['class', 'match', 'None', 'print', 'kuflow', 'a-b', '1a', '', 'e\u0301', 'ﬁ', '\u212b', '__x'];
    expect(names.filter(isPythonIdentifier)).toEqual(names);
    expect(others.filter(isPythonIdentifier)).toEqual([]);
  });

  it('of fields can be names of built-ins', () => {
    expect(['type', 'str', 'list', 'match', 'self'].every(isPythonField)).toBe(true);
    expect(['class', 'None', '__id', 'first name', 'ﬁ'].some(isPythonField)).toBe(false);
  });
});

describe('comments in Python', () => {
  it('keep ordinary text', () => {
    expect(pyComment('Loan application\n of a person')).toBe('Loan application of a person');
    expect(pyComment('Type of the loan, issue #5')).toBe('Type of the loan, issue #5');
    expect(pyComment(' \n ')).toBe('');
    expect(pyComment('\u202eabc')).toBe('\\u{202e}abc');
  });

  it.each([
    ['type: ignore', '“type”: ignore'],
    ['noqa', '“noqa”'],
    ['see # noqa: E501', 'see # “noqa”: E501'],
    ['a # fmt: off', 'a # “fmt”: off'],
    ['mypy: ignore-errors', '“mypy”: ignore-errors'],
    ['-*- coding: latin-1 -*-', '-*- coding : latin-1 -*-'],
  ])('disarm %s', (text, comment) => {
    expect(pyComment(text)).toBe(comment);
  });

  it('are printable, short and without directives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(texts, fc.constantFrom('# noqa', 'type: ignore', 'coding=x', ' ')), { maxLength: 4 }),
        (parts) => {
          const text = parts.join(' ');
          for (const line of [pyComment(text, 80), ...pyCommentLines(text, 40)]) {
            expect(line).toMatch(PRINTABLE);
            expect(`# ${line}`).not.toMatch(DIRECTIVE);
          }
          expect(pyCommentLines(text, 40).every((line) => displayWidth(line) <= 40)).toBe(true);
        },
      ),
    );
  });

  it('are wrapped at words', () => {
    expect(pyCommentLines('one two three', 7)).toEqual(['one two', 'three']);
    expect(pyCommentLines('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
    expect(pyCommentLines('', 7)).toEqual([]);
  });

  it('do not end a docstring', () => {
    expect(pyDoc('Check "credit" now')).toBe('Check "credit" now');
    expect(pyDoc('"Check"')).toBe("'Check'");
    expect(pyDoc('a """ b \\')).toBe("a ''' b \\\\");
    expect(pyDoc('x'.repeat(100))).toBe(`${'x'.repeat(59)}…`);
    fc.assert(
      fc.property(texts, (text) => {
        expect(pyDoc(text).replaceAll('\\\\', 'b')).not.toMatch(/""|^"|"$|\\/);
      }),
    );
  });
});

describe('values in Python', () => {
  it('are literals', () => {
    expect(pyValue({ a: [true, false, null], 'b c': 1.5, d: {}, e: [] })).toBe(
      '{"a": [True, False, None], "b c": 1.5, "d": {}, "e": []}',
    );
    expect([-0, 1e21, 1.5e-7, 5e-324, 2 ** 53].map((value) => pyValue(value))).toEqual([
      ...['-0.0', '1e21', '1.5e-7', '5e-324', '9007199254740992'],
    ]);
  });

  it('are split into lines as ruff does', () => {
    const value = { first: 'a'.repeat(20), second: [{ third: 'b'.repeat(20) }] };
    expect(pyValue(value, 0, 80)).toBe(`{"first": "${'a'.repeat(20)}", "second": [{"third": "${'b'.repeat(20)}"}]}`);
    expect(pyValue(value, 4, 60)).toBe(
      [
        '{',
        `        "first": "${'a'.repeat(20)}",`,
        `        "second": [{"third": "${'b'.repeat(20)}"}],`,
        '    }',
      ].join('\n'),
    );
    // A single item has no comma.
    expect(pyValue(['a'.repeat(40)], 0, 30)).toBe(`[\n    "${'a'.repeat(40)}"\n]`);
  });
});

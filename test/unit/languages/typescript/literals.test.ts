import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../src/base/json.ts';
import {
  isTsIdentifier,
  TS_RESERVED,
  tsComment,
  tsPropertyKey,
  tsString,
  tsValue,
} from '../../../../src/languages/typescript/literals.ts';
import { anyText, HOSTILE } from '../../base/hostile.ts';

function problems(source: string): readonly string[] {
  const file = ts.createSourceFile('x.ts', source, ts.ScriptTarget.ES2022) as ts.SourceFile & {
    readonly parseDiagnostics: readonly ts.Diagnostic[];
  };
  return file.parseDiagnostics.map((diagnostic) => ts.flattenDiagnosticMessageText(diagnostic.messageText, ' '));
}

function valueOf(expression: string): unknown {
  return runInNewContext(`(${expression})`);
}

const PRINTABLE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;

function holdsAsString(text: string): void {
  const literal = tsString(text);
  expect(problems(`export const x = ${literal};`)).toEqual([]);
  expect(valueOf(literal)).toBe(text);
  expect(valueOf(`\`\${${literal}}\``)).toBe(text);
  expect(literal).toMatch(PRINTABLE);
  expect(literal).not.toMatch(/`|\$\{/);
}

describe('tsString', () => {
  it('evaluates to the same value', () => {
    for (const text of HOSTILE) holdsAsString(text);
    fc.assert(fc.property(anyText, holdsAsString), { numRuns: 600 });
  });

  it('quotes like Prettier', () => {
    expect(tsString('plain')).toBe("'plain'");
    expect(tsString("Applicant's name")).toBe(`"Applicant's name"`);
    expect(tsString(`'"`)).toBe(`'\\'"'`);
    expect(tsString('Solicitud de préstamo 🎉')).toBe(`'Solicitud de préstamo 🎉'`);
  });
});

describe('tsPropertyKey', () => {
  it('sets exactly that property', () => {
    const check = (text: string): void => {
      const source = `{ ${tsPropertyKey(text)}: 1 }`;
      expect(problems(`export const x = ${source};\nexport interface Y { ${tsPropertyKey(text)}: string }`)).toEqual(
        [],
      );
      expect(Object.keys(valueOf(source) as object)).toEqual([text]);
    };
    for (const text of HOSTILE) check(text);
    fc.assert(fc.property(anyText, check), { numRuns: 300 });
    expect(tsPropertyKey('firstName')).toBe('firstName');
    expect(tsPropertyKey('first name')).toBe("'first name'");
  });
});

describe('tsComment', () => {
  const check = (text: string): void => {
    const comment = tsComment(text);
    expect(comment).toMatch(PRINTABLE);
    expect(Array.from(comment).length).toBeLessThan(3000);
    for (const source of [
      `// ${comment}\nmarker();`,
      `/* ${comment} */ marker();`,
      `/** ${comment} */\nmarker();`,
      `/**\n * ${comment}\n */\nmarker();`,
    ]) {
      expect(problems(source)).toEqual([]);
      const file = ts.createSourceFile('x.ts', source, ts.ScriptTarget.ES2022);
      expect(file.statements.map((statement) => statement.getText(file))).toEqual(['marker();']);
      expect((file as unknown as { checkJsDirective?: unknown }).checkJsDirective).toBeUndefined();
      expect(file.referencedFiles).toEqual([]);
      expect((file as unknown as { commentDirectives?: unknown }).commentDirectives).toBeUndefined();
    }
  };

  it('stays inside the comment and contains no directive', () => {
    for (const text of [
      ...HOSTILE,
      '@ts-ignore',
      ' @ts-expect-error x',
      '/ <reference path="x" />',
      'a */ b',
      '**/',
      '*//',
    ])
      check(text);
    fc.assert(fc.property(anyText, check), { numRuns: 600 });
  });

  it('keeps ordinary text and disarms directives', () => {
    expect(tsComment('Loan application\n of a person')).toBe('Loan application of a person');
    expect(tsComment('mail someone@example.com')).toBe('mail someone@example.com');
    expect(tsComment('eslint-disable-next-line')).toBe('“eslint-disable-next-line”');
    expect(tsComment('@deprecated')).toBe('“@ deprecated”');
    expect(tsComment('\u202eabc')).toBe('“\\u{202e}abc”');
    expect(tsComment('x'.repeat(1000))).toHaveLength(300);
  });
});

describe('tsValue', () => {
  it('evaluates to the same data', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.dictionary(anyText, anyText, { maxKeys: 4 }), (value, texts) => {
        const data = { value, texts: { ...texts } } as unknown as Json;
        const source = tsValue(data);
        expect(problems(`export const x = ${source};`)).toEqual([]);
        expect(JSON.stringify(valueOf(source))).toBe(JSON.stringify(data));
      }),
      { numRuns: 300 },
    );
    expect(tsValue({ type: 'object', required: ['a'], empty: {}, none: [] })).toBe(
      `{\n  type: 'object',\n  required: [\n    'a',\n  ],\n  empty: {},\n  none: [],\n}`,
    );
  });
});

describe('TS_RESERVED', () => {
  it('contains every keyword of the compiler', () => {
    const keywords = Object.keys(ts.SyntaxKind)
      .filter((name) => /^(?!First|Last).*Keyword$/.test(name))
      .map((name) => name.replace('Keyword', '').toLowerCase());
    expect(keywords.length).toBeGreaterThan(80);
    expect(keywords.filter((word) => !TS_RESERVED.has(word) && word !== 'defer')).toEqual([]);
    expect(isTsIdentifier('LoanWorkflow')).toBe(true);
    expect(isTsIdentifier('delete')).toBe(false);
    expect(isTsIdentifier('a-b')).toBe(false);
    expect(isTsIdentifier('')).toBe(false);
  });
});

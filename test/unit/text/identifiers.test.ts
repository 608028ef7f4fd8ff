import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileName } from '../../../src/text/file-name.ts';
import { identifier, identifiers } from '../../../src/text/identifiers.ts';
import type { IdentifierStyle } from '../../../src/text/identifiers.ts';
import { TS_RESERVED } from '../../../src/languages/typescript/literals.ts';
import { anyText, HOSTILE } from './hostile.ts';

const STYLES: readonly IdentifierStyle[] = ['camel', 'pascal', 'constant'];

describe('identifiers', () => {
  it('converts codes directly', () => {
    const codes = ['LOAN_APPLICATION', 'LOAN', 'STEP_1', 'V2_CHECK'];
    expect([...identifiers(codes, 'camel', TS_RESERVED).entries()]).toEqual(
      expect.arrayContaining([
        ['LOAN_APPLICATION', 'loanApplication'],
        ['LOAN', 'loan'],
        ['STEP_1', 'step_1'],
        ['V2_CHECK', 'v2Check'],
      ]),
    );
    expect(identifier('LOAN_APPLICATION', 'pascal', TS_RESERVED)).toBe('LoanApplication');
    expect(identifier('STEP_1', 'constant', TS_RESERVED)).toBe('STEP_1');
  });

  it('adds a hash to a text that converts with loss, and to a reserved word', () => {
    expect(identifier('Loan Application', 'camel', TS_RESERVED)).toMatch(/^loanApplication_x[0-9a-f]{10}$/);
    expect(identifier('Préstamo', 'pascal', TS_RESERVED)).toMatch(/^Prestamo_x[0-9a-f]{10}$/);
    expect(identifier('DELETE', 'camel', TS_RESERVED)).toMatch(/^delete_x[0-9a-f]{10}$/);
    expect(identifier('DATE', 'pascal', TS_RESERVED)).toMatch(/^Date_x[0-9a-f]{10}$/);
    expect(identifier('', 'camel', TS_RESERVED)).toMatch(/^unnamed_x[0-9a-f]{10}$/);
    expect(identifier('1ST', 'camel', TS_RESERVED)).toMatch(/^n_1st_x[0-9a-f]{10}$/);
  });

  it.each(STYLES)('gives distinct, legal, bounded names to hostile texts (%s)', (style) => {
    const names = identifiers(HOSTILE, style, TS_RESERVED);
    expect(names.size).toBe(HOSTILE.length);
    expect(new Set(names.values()).size).toBe(HOSTILE.length);
    for (const name of names.values()) {
      expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_]{0,59}$/);
      expect(TS_RESERVED.has(name)).toBe(false);
    }
  });

  it.each(STYLES)('gives distinct names that do not depend on the other texts (%s)', (style) => {
    fc.assert(
      fc.property(fc.uniqueArray(anyText, { maxLength: 30 }), (texts) => {
        const names = identifiers(texts, style, TS_RESERVED);
        expect(new Set(names.values()).size).toBe(texts.length);
        for (const text of texts) {
          expect(names.get(text)).toMatch(/^[A-Za-z][A-Za-z0-9_]{0,59}$/);
          expect(identifiers([text], style, TS_RESERVED).get(text)).toBe(names.get(text));
        }
        expect(identifiers([...texts].reverse(), style, TS_RESERVED)).toEqual(names);
      }),
      { numRuns: 500 },
    );
  });
});

describe('fileName', () => {
  it('converts codes directly and avoids Windows device names', () => {
    expect(fileName('LOAN_APPLICATION')).toBe('loan-application');
    expect(fileName('STEP_1')).toBe('step-1');
    expect(fileName('CON')).toMatch(/^con_x/);
    expect(fileName('..')).toMatch(/^unnamed_x/);
  });

  it('gives names that stay distinct when case is ignored', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyText, { maxLength: 30 }), (texts) => {
        const names = texts.map(fileName);
        expect(new Set(names.map((name) => name.toUpperCase())).size).toBe(texts.length);
        for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9-]*(?:_x[0-9a-f]{20})?$/);
      }),
      { numRuns: 500 },
    );
    expect(new Set(HOSTILE.map(fileName)).size).toBe(HOSTILE.length);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileName } from '../../../src/base/file-name.ts';
import { distinctName, identifier } from '../../../src/base/identifiers.ts';
import type { IdentifierStyle } from '../../../src/base/identifiers.ts';
import { isTsIdentifier, TS_RESERVED } from '../../../src/languages/typescript/literals.ts';
import { anyText, HOSTILE } from './hostile.ts';

const name = (text: string, style: IdentifierStyle = 'camel'): string => identifier(text, style, TS_RESERVED, 'task');

describe('identifier', () => {
  it.each([
    ['LOAN_APPLICATION', 'loanApplication'],
    ['STEP_1', 'step1'],
    ['V2_CHECK', 'v2Check'],
    ['Loan Application', 'loanApplication'],
    ['loanApplication', 'loanApplication'],
    ['loan.application!', 'loanApplication'],
    ['Préstamo', 'prestamo'],
    ['AÑO', 'ano'],
    ['STRAẞE', 'straße'],
    ['審査', '審査'],
    ['ガイド', 'ガイド'],
    ['검토', '검토'],
    ['ПРОВЕРКА_ЗАЯВКИ', 'проверкаЗаявки'],
    ['ЧАЙ', 'чай'],
    ['ΈΛΕΓΧΟΣ', 'έλεγχος'],
    ['ØRE', 'øre'],
    ['2ND_REVIEW', 'task2ndReview'],
    ['１２３', 'task123'],
    ['DELETE', 'deleteTask'],
    ['constructor', 'constructorTask'],
    ['THEN', 'thenTask'],
    ['', 'unnamedTask'],
    ['…', 'unnamedTask'],
    ['__proto__', 'proto'],
  ])('converts %j to %s', (text, expected) => {
    expect(name(text)).toBe(expected);
  });

  it('capitalizes the first word in Pascal case', () => {
    expect(name('LOAN_APPLICATION', 'pascal')).toBe('LoanApplication');
    expect(name('проверка', 'pascal')).toBe('Проверка');
    expect(name('ØRE', 'pascal')).toBe('Øre');
    expect(name('2ND_REVIEW', 'pascal')).toBe('Task2ndReview');
    expect(name('DATE', 'pascal')).toBe('DateTask');
  });

  it.each(['camel', 'pascal'] as const)('gives legal, bounded names to any text (%s)', (style) => {
    const check = (text: string): void => {
      expect(isTsIdentifier(name(text, style))).toBe(true);
      expect(name(text, style)).toMatch(/^[^_]{1,64}$/);
    };
    HOSTILE.forEach(check);
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
    expect(all.filter((character) => !isTsIdentifier(name(character, style)))).toEqual([]);
    fc.assert(fc.property(anyText, check), { numRuns: 5000 });
  });
});

describe('distinctName', () => {
  it('numbers a name only if it is in use', () => {
    const taken = new Set(['review', 'review_2']);
    expect(distinctName('check', (one) => taken.has(one))).toBe('check');
    expect(distinctName('review', (one) => taken.has(one))).toBe('review_3');
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

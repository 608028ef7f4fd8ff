import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/base/json.ts';
import { createValueCheck } from '../../../../src/platform/domain/json-values.ts';
import { cpuMilliseconds } from '../../../support/cpu-time.ts';

describe('createValueCheck', () => {
  it('accepts a recursive schema, and two schemas with the same $id', () => {
    const tree = (name: string) => ({
      schema: {
        $id: 'https://example.com/tree',
        type: 'object',
        required: [name],
        properties: { left: { $ref: '#' } },
      },
    });
    const [one, other] = [createValueCheck(tree('a'), 'one'), createValueCheck(tree('b'), 'other')];
    expect(one({ a: 1, left: { a: 2 } }).valid).toBe(true);
    expect(one({ a: 1, left: { b: 2 } }).errors).toEqual([{ propertyPath: '/left/a', type: 'required' }]);
    expect(other({ b: 1, left: { b: 2 } }).valid).toBe(true);
  });

  it.each([
    ['^[\\w-\\.]+@([\\w-]+\\.)+[\\w-]{2,4}$', 'ada.l@example.com', 'ada'],
    ['^\\d{4}\\/\\d\\:\\_\\ $', '1234/5:_ ', '1234/5'],
    ['^\\p{Lu}\\p{Ll}+$', 'Žofie', 'p{Lu}'],
    ['^[😀-😎]$', '😃', 'x'],
  ])('accepts the pattern %s, whether or not it is valid in Unicode mode', (pattern, good, bad) => {
    const check = createValueCheck({ schema: object({ a: { pattern } }) }, 'one');
    expect([check({ a: good }).valid, check({ a: bad }).valid]).toEqual([true, false]);
    const names = createValueCheck({ schema: { patternProperties: { [pattern]: { type: 'null' } } } }, 'one');
    expect([names({ [good]: 1 }).valid, names({ [bad]: 1 }).valid]).toEqual([false, true]);
  });

  it.each(['^(a+)+$', '^(?=a)(a+)+$', '^(a|a)*$', '^(a?){30}a{30}$', '^a*a*a*a*a*a*a*a*$'])(
    'checks the pattern %s for a fifth of a second at most, in a list of texts too',
    (pattern) => {
      const check = createValueCheck({ schema: object({ a: { items: { pattern } } }) }, 'one');
      expect(check({ a: ['aa', 'a'.repeat(30)] }).valid).toBe(pattern !== '^(a?){30}a{30}$');
      const texts = Array.from({ length: 100 }, (_, index) => `${'a'.repeat(3_000)}!${index}`);
      const spent = cpuMilliseconds(() =>
        expect(check({ a: texts }).errors).toContainEqual({ propertyPath: '/a/99', type: 'pattern' }),
      );
      expect(spent).toBeLessThan(3_000);
    },
  );

  it("interprets an array of items according to the schema's dialect", () => {
    const tuple = { type: 'array', items: [{ type: 'string' }], additionalItems: false };
    for (const $schema of ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2019-09/schema']) {
      const check = createValueCheck({ schema: { $schema, ...object({ a: tuple }) } }, 'one');
      expect([check({ a: ['x'] }).valid, check({ a: ['x', 1] }).valid, check({ a: [1] }).valid]).toEqual([
        ...[true, false, false],
      ]);
    }
  });

  it('ignores keywords that are not part of JSON Schema, like the validation of a definition', () => {
    const check = createValueCheck({ schema: object({ a: { type: 'string', formatMinimum: '2024-01-01' } }) }, 'one');
    expect([check({ a: '2020-01-01' }).valid, check({ a: 1 }).valid]).toEqual([true, false]);
    expect(createValueCheck({ schema: object({ a: { formatExclusiveMinimum: true } }) }, 'one')({ a: 1 }).valid).toBe(
      true,
    );
  });

  it('resolves references to the $id of the schema', () => {
    const schema = {
      $id: 'https://example.com/claim',
      ...object({ home: { $ref: 'https://example.com/claim#/definitions/home' }, zip: { $ref: 'zip' } }),
      definitions: { home: { required: ['street'] }, zip: { $id: 'https://example.com/zip', type: 'string' } },
    };
    const check = createValueCheck({ schema }, 'one');
    expect(check({ home: {}, zip: 1 }).errors).toEqual([
      { propertyPath: '/home/street', type: 'required' },
      { propertyPath: '/zip', type: 'type' },
    ]);
  });
});

function object(properties: JsonObject): JsonObject {
  return { type: 'object', properties };
}

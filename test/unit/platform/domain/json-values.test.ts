import { describe, expect, it } from 'vitest';
import { valueCheck } from '../../../../src/platform/domain/json-values.ts';

describe('a check of values', () => {
  it('takes a shape that contains itself, and two shapes with one address', () => {
    const tree = (name: string) => ({
      schema: {
        $id: 'https://example.com/tree',
        type: 'object',
        required: [name],
        properties: { left: { $ref: '#' } },
      },
    });
    const [one, other] = [valueCheck(tree('a'), 'one'), valueCheck(tree('b'), 'other')];
    expect(one({ a: 1, left: { a: 2 } }).valid).toBe(true);
    expect(one({ a: 1, left: { b: 2 } }).errors).toEqual([{ propertyPath: '/left/a', type: 'required' }]);
    expect(other({ b: 1, left: { b: 2 } }).valid).toBe(true);
  });
});

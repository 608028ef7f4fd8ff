import { describe, expect, it } from 'vitest';

import type { JsonObject } from '../../../../src/base/json.ts';
import type { JsonPatch } from '../../../../src/kuflow/contract/common.ts';
import { applyJsonPatch } from '../../../../src/platform/domain/json-patch.ts';
import { refused, thrown } from './refusals.ts';
import { cpuMilliseconds } from '../../../support/cpu-time.ts';

const value: JsonObject = { name: 'Ann', tags: ['a', 'b'], address: { city: 'Bern', '': 1, 'a/b': 2, 'm~n': 3 } };

describe('applyJsonPatch', () => {
  it.each<[string, JsonPatch, JsonObject]>([
    ['adds a property', [{ op: 'add', path: '/age', value: 5 }], { ...value, age: 5 }],
    ['adds null', [{ op: 'add', path: '/age', value: null }], { ...value, age: null }],
    ['overwrites with add', [{ op: 'add', path: '/name', value: 'Bo' }], { ...value, name: 'Bo' }],
    ['inserts an item', [{ op: 'add', path: '/tags/1', value: 'x' }], { ...value, tags: ['a', 'x', 'b'] }],
    ['appends an item', [{ op: 'add', path: '/tags/-', value: 'x' }], { ...value, tags: ['a', 'b', 'x'] }],
    ['appends at the length', [{ op: 'add', path: '/tags/2', value: 'x' }], { ...value, tags: ['a', 'b', 'x'] }],
    ['removes an item', [{ op: 'remove', path: '/tags/0' }], { ...value, tags: ['b'] }],
    ['replaces an item', [{ op: 'replace', path: '/tags/0', value: 'x' }], { ...value, tags: ['x', 'b'] }],
    ['replaces the whole value', [{ op: 'replace', path: '', value: { a: 1 } }], { a: 1 }],
    [
      'moves a value',
      [
        { op: 'move', from: '/address/city', path: '/name' },
        { op: 'remove', path: '/address' },
      ],
      { name: 'Bern', tags: ['a', 'b'] },
    ],
    ['moves an item', [{ op: 'move', from: '/tags/0', path: '/tags/1' }], { ...value, tags: ['b', 'a'] }],
    [
      'copies a value',
      [
        { op: 'copy', from: '/tags', path: '/address/tags' },
        { op: 'remove', path: '/address/tags/0' },
        { op: 'move', from: '/address/tags', path: '/other' },
      ],
      { ...value, other: ['b'] },
    ],
    ['copies the whole value into itself', [{ op: 'copy', from: '', path: '/self' }], { ...value, self: value }],
    [
      'decodes names',
      [
        { op: 'test', path: '/address/', value: 1 },
        { op: 'test', path: '/address/a~1b', value: 2 },
        { op: 'test', path: '/address/m~0n', value: 3 },
      ],
      value,
    ],
    [
      'tests objects whatever the order of their keys',
      [{ op: 'test', path: '/address', value: { 'm~n': 3, 'a/b': 2, '': 1, city: 'Bern' } }],
      value,
    ],
    [
      'has names that objects inherit',
      [
        { op: 'add', path: '/constructor', value: { toString: 1 } },
        { op: 'test', path: '/constructor/toString', value: 1 },
        { op: 'remove', path: '/constructor' },
      ],
      value,
    ],
  ])('%s', (_title, patch, expected) => {
    const before = JSON.stringify(value);
    expect(applyJsonPatch(value, patch)).toEqual(expected);
    expect(JSON.stringify(value)).toBe(before);
  });

  it.each<[string, JsonPatch[number]]>([
    ['a missing property', { op: 'remove', path: '/none' }],
    ['a missing parent', { op: 'add', path: '/none/deep', value: 1 }],
    ['a property of a text', { op: 'add', path: '/name/length', value: 1 }],
    ['an inherited property', { op: 'copy', from: '/toString', path: '/a' }],
    ['the prototype', { op: 'add', path: '/__proto__', value: { polluted: true } }],
    ['an item after the end', { op: 'add', path: '/tags/3', value: 1 }],
    ['an item that does not exist', { op: 'replace', path: '/tags/2', value: 1 }],
    ['an index with a leading zero', { op: 'remove', path: '/tags/00' }],
    ['the end of a list in a removal', { op: 'remove', path: '/tags/-' }],
    ['a pointer without a slash', { op: 'add', path: 'name', value: 1 }],
    ['a move into its own child', { op: 'move', from: '/address', path: '/address/city' }],
    ['a move without its source', { op: 'move', path: '/a' }],
    ['a replacement without a value', { op: 'replace', path: '/name' }],
    ['a failed test', { op: 'test', path: '/name', value: 'Bo' }],
    ['a text that looks like a number', { op: 'test', path: '/address/a~1b', value: '2' }],
    ['a removal of everything', { op: 'remove', path: '' }],
  ])('refuses %s with 400, without quoting values', (_title, operation) => {
    const error = thrown(() => applyJsonPatch(value, [operation]));
    expect(error).toEqual(refused(400));
    expect(String(error)).not.toContain('Bern');
  });

  it('refuses a patch whose copies double the value, within a second of processor time and 100 MB', () => {
    const bomb: JsonPatch = Array.from({ length: 26 }, (_, index) => ({ op: 'copy', from: '', path: `/copy${index}` }));
    expect(JSON.stringify(bomb).length).toBeLessThan(1_250);
    const before = process.memoryUsage().rss;
    let error: unknown;
    expect(cpuMilliseconds(() => (error = thrown(() => applyJsonPatch(value, bomb))))).toBeLessThan(1_000);
    expect((process.memoryUsage().rss - before) / 1_000_000).toBeLessThan(100);
    expect(error).toEqual(refused(400, 'copies more than 1 MB'));
  });

  it('refuses more than a thousand operations, and applies a thousand to a large value', () => {
    const large: JsonObject = { list: Array.from({ length: 100_000 }, (_, index) => ({ index })), text: 'x' };
    const patch = (length: number): JsonPatch =>
      Array.from({ length }, (_, index) => [
        { op: 'move', from: '/list/0', path: '/list/-' } as const,
        { op: 'move', from: '/list', path: '/moved' } as const,
        { op: 'move', from: '/moved', path: '/list' } as const,
        { op: 'copy', from: '/text', path: `/copy${index}` } as const,
      ])
        .flat()
        .slice(0, length);
    expect(Object.keys(applyJsonPatch(large, patch(1_000)))).toHaveLength(252);
    expect(thrown(() => applyJsonPatch(large, patch(1_001)))).toEqual(refused(400, '1001 operations'));
  });

  it('refuses a result that is nested too deep', () => {
    const patch: JsonPatch = Array.from({ length: 12 }, (_, index) => ({
      op: 'copy',
      from: '/a',
      path: `/a${'/a'.repeat(2 ** index - 1)}/a`,
    }));
    expect(thrown(() => applyJsonPatch({ a: {} }, patch))).toEqual(refused(400, 'nested more than 1000 levels'));
  });
});

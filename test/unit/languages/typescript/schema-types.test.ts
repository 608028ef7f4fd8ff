import { Ajv } from 'ajv';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../../src/base/json.ts';
import { tsValue } from '../../../../src/languages/typescript/literals.ts';
import { sampleForSchema } from '../../../../src/schema/example/example.ts';
import { declarationOfSchema } from '../../../../src/languages/typescript/schema-types.ts';
import { typeOfSchema } from '../../../support/printed-schemas.ts';
import { OBJECT_MEMBERS } from '../../../support/hostile-texts.ts';
import { cpuMilliseconds } from '../../../support/cpu-time.ts';

const PERSON: JsonObject = {
  type: 'object',
  required: ['NAME'],
  properties: {
    NAME: { type: 'string', title: 'Name' },
    AGE: { type: ['integer', 'null'] },
    KIND: { enum: ['A', 'B', 3, null] },
    TAGS: { type: 'array', items: { enum: ['x', 'y'] } },
    ADDRESS: { $ref: '#/$defs/address' },
    OTHER: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'number' } }] },
    BOTH: {
      allOf: [{ properties: { A: { type: 'string' } }, required: ['A'] }, { properties: { B: { type: 'number' } } }],
    },
    MAP: { type: 'object', additionalProperties: { type: 'boolean' } },
    'odd key': { const: 'only' },
  },
  $defs: {
    address: { type: 'object', properties: { CITY: { type: 'string' }, PART_OF: { $ref: '#/$defs/address' } } },
  },
};

/** The compiler's messages when these values are assigned to this type. */
function complaints(declaration: string, values: readonly Json[]): readonly string[] {
  const text = `${declaration}\n${values.map((value, at) => `export const v${at}: T = ${tsValue(value)};`).join('\n')}\n`;
  const options: ts.CompilerOptions = { strict: true, noEmit: true, noLib: true, types: [] };
  const host = ts.createCompilerHost(options);
  const lib =
    'interface Array<T> { length: number; [n: number]: T } interface Boolean {} interface CallableFunction {} interface Function {} interface IArguments {} interface NewableFunction {} interface Number {} interface Object { constructor: Function; toString(): string; toLocaleString(): string; valueOf(): Object; hasOwnProperty(v: string): boolean; isPrototypeOf(v: Object): boolean; propertyIsEnumerable(v: string): boolean } interface RegExp {} interface String {} type Record<K extends string, V> = { [P in K]: V };';
  const sources = new Map([
    ['t.ts', text],
    ['lib.d.ts', lib],
  ]);
  host.getSourceFile = (name, target) => {
    const source = sources.get(name);
    return source === undefined ? undefined : ts.createSourceFile(name, source, target, true);
  };
  host.fileExists = (name) => sources.has(name);
  const program = ts.createProgram(['lib.d.ts', 't.ts'], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

describe('types of schemas', () => {
  const declaration = declarationOfSchema('T', PERSON);

  it('accept valid values', () => {
    const values: Json[] = [
      { NAME: 'x' },
      { NAME: 'x', AGE: null, KIND: 3, TAGS: ['x'], ADDRESS: { CITY: 'y', PART_OF: { CITY: 'z' } }, MAP: { a: true } },
      { NAME: 'x', OTHER: [1], BOTH: { A: 'a', B: 1 }, 'odd key': 'only' },
    ];
    expect(complaints(declaration, values)).toEqual([]);
  });

  it.each<[string, Json]>([
    ['a missing key', {}],
    ['a wrong type', { NAME: 1 }],
    ['a value outside the enumeration', { NAME: 'x', KIND: 'C' }],
    ['a wrong item', { NAME: 'x', TAGS: ['z'] }],
    ['a key missing in one of allOf', { NAME: 'x', BOTH: { B: 1 } }],
    ['an unknown key', { NAME: 'x', NAEM: 'x' }],
  ])('reject %s', (_, value) => {
    expect(complaints(declaration, [value]).length).toBeGreaterThan(0);
  });

  it('let optional properties that every object inherits be left out', () => {
    const properties = Object.fromEntries(OBJECT_MEMBERS.map((name) => [name, { type: 'string' }]));
    const optional = declarationOfSchema('T', { type: 'object', properties: { a: { type: 'string' }, ...properties } });
    expect(complaints(optional, [{}, { a: 'x' }, { toString: 'x', constructor: 'y' }])).toEqual([]);
    const required = declarationOfSchema('T', { type: 'object', properties, required: OBJECT_MEMBERS });
    const full = Object.fromEntries(OBJECT_MEMBERS.map((name) => [name, 'x']));
    expect(complaints(required, [full])).toEqual([]);
    expect(complaints(required, [{ ...full, toString: 1 }])).not.toEqual([]);
  });

  it('are finite for a schema that is recursive or deeply nested', () => {
    expect(typeOfSchema({ $ref: '#' })).toBe('unknown');
    let deep: JsonObject = { type: 'string' };
    for (let level = 0; level < 50; level++) deep = { type: 'object', properties: { a: deep } };
    expect(typeOfSchema(deep)).toContain('unknown');
  });

  it.each<[string, JsonObject, string]>([
    ['an anchor', { $anchor: 'home' }, '#home'],
    ['an anchor of draft 7', { $id: '#home' }, '#home'],
    ['an address', { $id: 'https://example.com/home' }, 'https://example.com/home#'],
    ['a pointer from the address of the whole', {}, 'https://example.com/claim#/definitions/gr%C3%B6%C3%9Fe'],
    ['a pointer', {}, '#/definitions/größe'],
  ])('resolve a reference by %s, as examples do', (_, address, $ref) => {
    const home = { ...address, type: 'object', required: ['STREET'], properties: { STREET: { type: 'string' } } };
    const data: JsonObject = {
      $id: 'https://example.com/claim',
      type: 'object',
      required: ['HOME'],
      properties: { DATA: { const: { ...address, type: 'null' } }, HOME: { $ref } },
      definitions: { größe: home },
    };
    expect(complaints(declarationOfSchema('T', data), [{ HOME: { STREET: 'x' } }])).toEqual([]);
    expect(complaints(declarationOfSchema('T', data), [{ HOME: { STREET: 1 } }])).not.toEqual([]);
    expect(sampleForSchema(data)).toEqual({ HOME: { STREET: 'Example' } });
  });

  it('are unknown for an unresolved reference', () => {
    for (const $ref of ['#nope', 'https://example.com/nope#/a', '#/definitions/nope', 'nope'])
      expect(typeOfSchema({ $ref, definitions: { a: { type: 'string' } } })).toBe('unknown');
  });

  it('stay closed if a choice only lists required keys', () => {
    const properties = { MAIL: { type: 'string' }, PHONE: { type: 'string' } };
    const anyOf = [{ required: ['MAIL'] }, { required: ['PHONE'] }];
    const one = declarationOfSchema('T', { type: 'object', properties, anyOf });
    expect(one).toMatch(/^export interface T \{/);
    expect(complaints(one, [{ MAIL: 'x' }])).toEqual([]);
    expect(complaints(one, [{ MIAL: 'x' }])).not.toEqual([]);
  });

  it('of pattern properties are maps of the types that the patterns allow', () => {
    const patternProperties = { '^x-': { type: 'string' }, '^n-': { type: 'number' } };
    const closed = typeOfSchema({ type: 'object', patternProperties, additionalProperties: false });
    expect(closed).toBe('Record<string, string | number>');
    const more = typeOfSchema({ type: 'object', patternProperties, additionalProperties: { type: 'null' } });
    expect(more).toBe('Record<string, string | number | null>');
    expect(typeOfSchema({ type: 'object', patternProperties })).toBe('Record<string, unknown>');
  });

  it('put parentheses around unions', () => {
    const one: JsonObject = { type: 'object', required: ['a'], properties: { a: { type: 'string' } } };
    const other: JsonObject = { type: 'object', required: ['b'], properties: { b: { type: 'string' } } };
    const list = declarationOfSchema('T', {
      type: 'object',
      properties: { L: { type: 'array', items: { anyOf: [one, other] } } },
    });
    expect(complaints(list, [{ L: [{ a: 'x' }, { b: 'x' }] }])).toEqual([]);
    expect(complaints(list, [{ L: { a: 'x' } }])).not.toEqual([]);
    const both = declarationOfSchema('T', {
      allOf: [{ anyOf: [one, other] }, { properties: { c: { type: 'number' } } }],
    });
    expect(complaints(both, [{ b: 'x', c: 1 }])).toEqual([]);
    expect(complaints(both, [{ a: 'x', c: 'not a number' }])).not.toEqual([]);
  });

  it('with too many values for a union are the type of the values', () => {
    const values = Array.from({ length: 1000 }, (_, at) => `v${at}`);
    expect(typeOfSchema({ type: 'string', enum: values })).toBe('string');
    expect(typeOfSchema({ enum: values })).toBe('unknown');
  });

  it('and examples stay small if definitions refer to each other many times', () => {
    for (const schema of ['properties', 'allOf', 'anyOf'].map(multiplied)) {
      const spent = cpuMilliseconds(() => {
        expect(typeOfSchema(schema).length).toBeLessThan(1_000_000);
        expect(JSON.stringify(sampleForSchema(schema)).length).toBeLessThan(1_000_000);
      });
      expect(spent).toBeLessThan(5000);
    }
  });

  it('are interfaces only for plain objects', () => {
    expect(declaration).toMatch(/^export interface T \{/);
    expect(declarationOfSchema('T', { enum: ['a'] })).toBe("export type T = 'a';\n");
    expect(declarationOfSchema('T', { anyOf: [PERSON, { type: 'object', properties: { a: {} } }] })).toMatch(
      /^export type T = /,
    );
  });
});

/** Ten levels of definitions, each with ten references to the next: ten billion when expanded. */
function multiplied(keyword: string): JsonObject {
  const level = (depth: number): JsonObject => {
    const references = Array.from(
      { length: 10 },
      (_, at) => [`p${at}`, { $ref: `#/definitions/d${depth + 1}` }] as const,
    );
    return keyword === 'properties'
      ? { type: 'object', properties: Object.fromEntries(references), required: references.map(([name]) => name) }
      : { type: 'object', [keyword]: references.map(([, reference]) => reference) };
  };
  const definitions = Object.fromEntries(Array.from({ length: 10 }, (_, depth) => [`d${depth}`, level(depth)]));
  return { ...level(-1), definitions: { ...definitions, d10: { type: 'string' } } };
}

describe('examples of schemas', () => {
  it('are objects, and ignore a default of the wrong type', () => {
    expect(sampleForSchema({ type: 'object', default: 'text' })).toEqual({});
    expect(sampleForSchema({ default: 5 })).toEqual({});
    const properties = { a: { type: 'number', default: 'x' }, b: { type: ['string', 'null'], default: null } };
    expect(sampleForSchema({ type: 'object', required: ['a', 'b'], properties })).toEqual({ a: 0, b: null });
  });

  it.each([
    ['never ends', '^(a+)+(?!a)(?=b)'],
    ['repeats repetitions', '(((((a{64}){64}){64}){64}){64}){64}'],
    ['opens and never closes', '('.repeat(9000)],
    ['nests', `${'(a|'.repeat(3000)}${')'.repeat(3000)}`],
  ])('exist for a pattern that %s', (_, pattern) => {
    const properties = { a: { type: 'string', pattern } };
    const spent = cpuMilliseconds(() =>
      expect(sampleForSchema({ type: 'object', required: ['a'], properties })).toEqual({ a: 'Example' }),
    );
    expect(spent).toBeLessThan(5000);
  });

  it.each<[string, JsonObject]>([
    ['an object', PERSON],
    [
      'limits',
      {
        type: 'object',
        required: ['a', 'b', 'c', 'd'],
        properties: {
          a: { type: 'integer', minimum: 5 },
          b: { type: 'number', exclusiveMinimum: 0, maximum: 3 },
          c: { type: 'string', minLength: 9 },
          d: { type: 'string', maxLength: 2 },
        },
      },
    ],
    [
      'lists',
      { type: 'object', required: ['a'], properties: { a: { type: 'array', minItems: 2, items: { enum: [1, 2] } } } },
    ],
    [
      'a reference',
      { $ref: '#/$defs/x', $defs: { x: { type: 'object', required: ['k'], properties: { k: { const: 7 } } } } },
    ],
  ])('of %s are valid', (_, schema) => {
    const validate = new Ajv({ strict: false }).compile(schema);
    expect(validate(sampleForSchema(schema)), JSON.stringify(validate.errors)).toBe(true);
  });
});

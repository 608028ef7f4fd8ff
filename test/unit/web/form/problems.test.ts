import { describe, expect, it } from 'vitest';
import { valueAt, withValueAt } from '../../../../src/base/json.ts';
import { problemsOf } from '../../../../src/web/form/problems.ts';
import { withRequiredParts, readableName } from '../../../../src/schema/form.ts';
import { pageErrors } from '../../../support/page-validators.ts';

type Schema = Readonly<Record<string, unknown>>;

const nothing: ReadonlyMap<string, never> = new Map<string, never>();

function problems(schema: Schema, data: unknown, chosen: ReadonlyMap<string, number> = nothing): readonly string[] {
  const found = problemsOf({
    schema,
    data,
    errors: pageErrors(schema, data),
    labels: nothing,
    chosen,
    drafts: nothing,
  });
  return found.map(({ path, label, message }) => `${path} | ${label} | ${message}`);
}

const property = (schema: Schema, value: unknown): string =>
  problems({ properties: { a: schema } }, { a: value })[0]?.split(' | ')[2] ?? 'valid';

describe('the problems of a form', () => {
  it('say what to do, without words of JSON Schema', () => {
    expect(property({ type: 'number' }, 'x')).toBe('Enter a number, such as 12.5');
    expect(property({ type: ['integer', 'null'] }, 'x')).toBe('Enter a whole number');
    expect(property({ minLength: 3 }, '😀')).toBe('Enter at least 3 characters. You entered 1');
    expect(property({ minLength: 1 }, '')).toBe('Fill in this field');
    expect(property({ maximum: 5 }, 6)).toBe('Enter 5 or less');
    expect(property({ exclusiveMinimum: 0 }, 0)).toBe('Enter more than 0');
    expect(property({ format: 'date' }, '2026-02-30')).toBe('Enter a date, such as 2026-03-31');
    expect(property({ format: 'kuflow-group' }, 'x')).toContain('Choose a group');
    expect(property({ enum: ['a'] }, 'b')).toBe('Choose one of the options');
    expect(property({ oneOf: [{ const: 'a' }, { const: 'b' }] }, 'c')).toBe('Choose one of the options');
    expect(property({ uniqueItems: true }, [1, 2, 1])).toBe('Items 1 and 3 are the same');
    expect(property({ minItems: 1 }, [])).toBe('Add at least 1 item');
    expect(property({ not: {} }, 1)).toBe('This value is not allowed');
    expect(property({ maxSize: 5 }, 'kuflow-file:uri=u;type=t;size=6;name=n;')).toBe('Choose a file of at most 5 B');
  });

  it('have the path and the labels of the field, also for what is missing or not allowed', () => {
    const schema = {
      properties: {
        homeAddress: { title: 'Home', required: ['zipCode'], additionalProperties: false, properties: { zipCode: {} } },
      },
    };
    expect(problems(schema, { homeAddress: { 'a/b': 1 } })).toEqual([
      '/homeAddress/zipCode | Home › Zip code | Fill in this field',
      '/homeAddress/a~1b | Home › A/b | This field is not allowed here',
    ]);
  });

  it('are those of the chosen alternative, or else of the best fit', () => {
    const card = { required: ['number'], properties: { kind: { const: 'card' }, number: {} } };
    const transfer = { required: ['iban'], properties: { kind: { const: 'transfer' }, iban: {} } };
    const schema = { properties: { pay: { oneOf: [card, transfer] } } };
    expect(problems(schema, { pay: { kind: 'transfer' } })).toEqual(['/pay/iban | Pay › Iban | Fill in this field']);
    const chosen = new Map([['/pay', 0]]);
    expect(problems(schema, { pay: { kind: 'card' } }, chosen)).toEqual([
      '/pay/number | Pay › Number | Fill in this field',
    ]);
    expect(problems(schema, { pay: { number: 1, iban: 2 } })).toEqual([
      '/pay | Pay | The data matches more than one of the alternatives',
    ]);
    expect(property({ anyOf: [{ type: 'string', minLength: 2 }, { type: 'null' }] }, 'a')).toContain('at least 2');
  });
});

describe('withValueAt', () => {
  const removes = (): boolean => false;

  it('sets and removes values without changing the given data', () => {
    const data = { a: { b: [{ c: 1 }, 2] } };
    expect(withValueAt(data, '/a/b/0/c', 3, removes)).toEqual({ a: { b: [{ c: 3 }, 2] } });
    expect(withValueAt(data, '/a/b/1', undefined, removes)).toEqual({ a: { b: [{ c: 1 }, null] } });
    expect(withValueAt({}, '/x/y~1z', 1, removes)).toEqual({ x: { 'y/z': 1 } });
    expect(data).toEqual({ a: { b: [{ c: 1 }, 2] } });
    const special = withValueAt({}, '/__proto__', 1, removes);
    expect(valueAt(special, '/__proto__')).toBe(1);
    expect(valueAt({}, '/constructor')).toBeUndefined();
  });

  it('removes the objects that are empty then, unless they are required', () => {
    const data = { a: { b: { c: 1 } }, d: 1 };
    expect(withValueAt(data, '/a/b/c', undefined, removes)).toEqual({ d: 1 });
    expect(withValueAt(data, '/a/b/c', undefined, (path) => path === '/a')).toEqual({ a: {}, d: 1 });
  });
});

describe('the schema of a form', () => {
  it('gives required objects and lists a place, also in a schema that contains itself', () => {
    const schema = {
      required: ['a', 'list', 'name'],
      properties: {
        a: { required: ['b'], properties: { b: { properties: { c: {} } } } },
        list: { type: 'array', items: {} },
        name: {},
      },
    };
    expect(withRequiredParts({}, schema, schema)).toEqual({ a: { b: {} }, list: [] });
    const endless = { required: ['next'], properties: { next: { $ref: '#' } } };
    expect(withRequiredParts({}, endless, endless)).toHaveProperty('next.next');
  });

  it('has readable names', () => {
    expect(['firstName', 'FIRST_NAME', 'userID', 'iban', 'zip-code', ''].map(readableName)).toEqual([
      'First name',
      'First name',
      'User ID',
      'Iban',
      'Zip code',
      'Other fields',
    ]);
  });
});

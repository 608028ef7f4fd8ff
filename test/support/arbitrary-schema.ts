import fc from 'fast-check';
import type { JsonObject } from '../../src/base/json.ts';

const FORMATS = [
  ...['date', 'time', 'date-time', 'iso-time', 'iso-date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6'],
  ...['uri', 'url', 'uri-reference', 'uri-template', 'uuid', 'json-pointer', 'json-pointer-uri-fragment'],
  ...['relative-json-pointer', 'regex', 'byte'],
];

const leaf: fc.Arbitrary<JsonObject> = fc.oneof(
  fc
    .record({ least: fc.nat(30), room: fc.nat(20) })
    .map(({ least, room }) => ({ type: 'string', minLength: least, maxLength: least + room })),
  fc.constantFrom(...FORMATS).map((format) => ({ type: 'string', format })),
  fc
    .constantFrom(
      '^[A-Z]{2}\\d{2}(-\\d{4}){3}$',
      '^\\d{8}[A-Z]$',
      '^(EUR|USD)$',
      '^\\+?[0-9 ]{7,15}$',
      '^[^@]+@[^@]+\\.es$',
      '.*\\S.*',
      '^(?!0)\\d+$',
      '^\\p{Lu}\\p{Ll}+$',
    )
    .map((pattern) => ({ type: 'string', pattern })),
  fc
    .record({
      low: fc.integer({ min: -1000, max: 1000 }),
      room: fc.integer({ min: 12, max: 1000 }),
      step: fc.constantFrom(1, 2, 5, 0.5, 0.25),
      type: fc.constantFrom('number', 'integer'),
    })
    .map(({ low, room, step, type }) => ({ type, minimum: low, maximum: low + room, multipleOf: step })),
  fc
    .record({ low: fc.integer({ min: -50, max: 50 }), room: fc.integer({ min: 1, max: 9 }) })
    .map(({ low, room }) => ({ type: 'number', exclusiveMinimum: low, exclusiveMaximum: low + room / 10 })),
  fc.constantFrom<JsonObject>(
    { type: 'boolean' },
    { const: { a: 1 } },
    { enum: ['x', 7, null] },
    { type: ['null', 'string'] },
    { type: 'integer', multipleOf: 1.5, minimum: 1 },
  ),
);

/** JSON Schemas of the usual keywords that some value satisfies. */
export const arbitrarySchema: fc.Arbitrary<JsonObject> = fc.letrec<{ any: JsonObject }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc
      .record({
        properties: fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('any'), { maxKeys: 4 }),
        closed: fc.boolean(),
        all: fc.boolean(),
      })
      .map(({ properties, closed, all }) => ({
        type: 'object',
        properties,
        required: Object.keys(properties).filter((_, at) => all || at % 2 === 0),
        ...(closed ? { additionalProperties: false } : {}),
      })),
    fc
      .record({ items: tie('any'), least: fc.nat(4) })
      .map(({ items, least }) => ({ type: 'array', items, minItems: least })),
    tie('any').map((one) => ({ allOf: [one, { title: 'and this' }] })),
    fc.tuple(tie('any'), tie('any')).map((choices) => ({ anyOf: choices })),
  ),
})).any;

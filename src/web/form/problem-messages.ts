import { countOf } from '../../base/count-of.ts';
import { isRecord } from '../../base/json.ts';
import { acceptedTypes } from '../../schema/document-type.ts';
import { kuFlowFormat } from '../../schema/kuflow-formats.ts';
import { choicesOf, valueLabel } from '../../schema/form.ts';
import type { Schema } from '../../schema/json-schema-ref.ts';
import { namedTypes } from '../../schema/normal-form.ts';
import type { SchemaError } from '../../schema/console-validator.ts';
import { formatBytes } from '../text/words.ts';

/** What to do about an error, in a sentence for people who do not know the schema. */
export function problemMessage(error: SchemaError, fieldSchema: Schema): string {
  const { keyword, params } = error;
  if (keyword === 'required') return missingMessage(fieldSchema);
  const limit = typeof params['limit'] === 'number' ? params['limit'] : 0;
  return MESSAGES[keyword]?.(error, limit) ?? `The value is not valid (${keyword})`;
}

type Message = (error: SchemaError, limit: number) => string;

const dependencyMessage: Message = ({ params }) =>
  `Fill in this field, because ${valueLabel(params['property'])} is filled in`;
const tooManyMessage: Message = ({ parentSchema: { items } }, limit) => {
  if (isChoice(items)) return `Choose at most ${limit}`;
  return limit === 0 ? 'Remove all items' : `Keep at most ${countOf(limit, 'item')}`;
};
const unexpectedMessage: Message = () => 'This field is not allowed here';
const alternativesMessage: Message = ({ parentSchema, params }) => {
  if (choicesOf(parentSchema) !== undefined) return 'Choose one of the options';
  return Array.isArray(params['passingSchemas'])
    ? 'The data matches more than one of the alternatives'
    : 'The data does not match any of the alternatives';
};

const MESSAGES: Readonly<Record<string, Message>> = {
  dependencies: dependencyMessage,
  dependentRequired: dependencyMessage,
  type: ({ parentSchema }) => typeMessage(parentSchema),
  enum: () => 'Choose one of the options',
  const: ({ params }) => `The value must be ${valueLabel(params['allowedValue'])}`,
  minLength: ({ data }, limit) =>
    limit === 1 ? 'Fill in this field' : `Enter at least ${limit} characters. You entered ${lengthOf(data)}`,
  maxLength: ({ data }, limit) => `Enter at most ${countOf(limit, 'character')}. You entered ${lengthOf(data)}`,
  minimum: (_, limit) => `Enter ${limit} or more`,
  maximum: (_, limit) => `Enter ${limit} or less`,
  exclusiveMinimum: (_, limit) => `Enter more than ${limit}`,
  exclusiveMaximum: (_, limit) => `Enter less than ${limit}`,
  multipleOf: ({ params: { multipleOf } }) =>
    multipleOf === 1 ? 'Enter a whole number' : `Enter a multiple of ${valueLabel(multipleOf)}`,
  pattern: ({ params }) => `Enter text that matches the pattern ${valueLabel(params['pattern'])}`,
  format: ({ params }) => formatMessage(params['format']),
  accept: ({ parentSchema }) => acceptMessage(parentSchema['accept']),
  maxSize: (_, limit) => sizeMessage(limit),
  minItems: ({ parentSchema: { items } }, limit) =>
    isChoice(items) ? `Choose at least ${limit}` : `Add at least ${countOf(limit, 'item')}`,
  maxItems: tooManyMessage,
  items: tooManyMessage,
  additionalItems: tooManyMessage,
  unevaluatedItems: ({ params }) => `Keep at most ${countOf(Number(params['len']), 'item')}`,
  uniqueItems: ({ params }) => `Items ${Number(params['j']) + 1} and ${Number(params['i']) + 1} are the same`,
  contains: () => 'An item of the expected kind is missing, or there are too many',
  minProperties: (_, limit) => `Add at least ${countOf(limit, 'field')}`,
  maxProperties: (_, limit) => `Keep at most ${countOf(limit, 'field')}`,
  propertyNames: ({ params }) => `The name ${valueLabel(params['propertyName'])} is not allowed`,
  additionalProperties: unexpectedMessage,
  unevaluatedProperties: unexpectedMessage,
  'false schema': unexpectedMessage,
  anyOf: alternativesMessage,
  oneOf: alternativesMessage,
  not: () => 'This value is not allowed',
};

const isChoice = (schema: unknown): boolean => isRecord(schema) && choicesOf(schema) !== undefined;

const lengthOf = (data: unknown): number => Array.from(String(data)).length;

function missingMessage(schema: Schema): string {
  const reference = kuFlowFormat(schema['format']);
  if (reference !== undefined) return reference.missing;
  const choices = choicesOf(schema);
  if (choices?.every(({ value }) => value === true) === true) return 'Check this box';
  if (choices !== undefined) return 'Choose one of the options';
  const [type] = namedTypes(schema);
  if (type === 'boolean') return 'Choose Yes or No';
  return type === 'array' ? 'Add an item' : 'Fill in this field';
}

const TYPE_MESSAGES: Readonly<Record<string, string>> = {
  string: 'Enter text',
  number: 'Enter a number, such as 12.5',
  integer: 'Enter a whole number',
  boolean: 'Choose Yes or No',
  array: 'The value must be a list',
  object: 'The value must be an object with fields',
  null: 'Leave this field empty',
};

function typeMessage(schema: Schema): string {
  const types = namedTypes(schema);
  const [type = '', ...more] = types.filter((one) => types.length === 1 || one !== 'null');
  if (more.length > 0) return `Enter a value of one of these types: ${[type, ...more].join(', ')}`;
  return TYPE_MESSAGES[type] ?? `The value must be of the type ${type}`;
}

const FORMAT_MESSAGES: Readonly<Record<string, string>> = {
  date: 'Enter a date, such as 2026-03-31',
  time: 'Enter a time with its time zone, such as 14:30:00Z',
  'date-time': 'Enter a date and time with its time zone, such as 2026-03-31T14:30:00Z',
  duration: 'Enter a duration, such as P3DT12H',
  email: 'Enter an email address, such as name@example.com',
  hostname: 'Enter a host name, such as example.com',
  ipv4: 'Enter an IPv4 address, such as 192.0.2.1',
  ipv6: 'Enter an IPv6 address, such as 2001:db8::1',
  uri: 'Enter an address, such as https://example.com',
  url: 'Enter an address, such as https://example.com',
  uuid: 'Enter a UUID, such as 123e4567-e89b-12d3-a456-426614174000',
  regex: 'Enter a valid regular expression',
  byte: 'Enter Base64 text',
  int32: 'Enter a whole number of at most 32 bits',
  int64: 'Enter a whole number',
};

function formatMessage(format: unknown): string {
  const known =
    typeof format === 'string' && Object.hasOwn(FORMAT_MESSAGES, format) ? FORMAT_MESSAGES[format] : undefined;
  return known ?? kuFlowFormat(format)?.incomplete ?? `Enter text in the format ${valueLabel(format)}`;
}

export const acceptMessage = (accept: unknown): string =>
  `Choose a file of one of these types: ${acceptedTypes(accept).join(', ')}`;

export const sizeMessage = (limit: number): string => `Choose a file of at most ${formatBytes(limit)}`;

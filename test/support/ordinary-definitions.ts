import fc from 'fast-check';
import type { JsonObject } from '../../src/base/json.ts';
import type { WorkerDefinition, TaskDefinition } from '../../src/process/definition.ts';

const WORDS = [
  ...['loan', 'apply', 'review', 'decision', 'contract', 'customer', 'onboarding', 'check', 'credit', 'document'],
  ...['verification', 'international', 'payment', 'risk', 'assessment', 'department', 'notification', '2nd', 'final'],
];

const words = (atMost: number): fc.Arbitrary<readonly string[]> =>
  fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: atMost });

const property: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject[]>(
  { type: 'string' },
  { type: 'number' },
  { type: 'boolean' },
  { type: 'string', enum: ['A', 'B'] },
  { type: 'array', items: { type: 'string' } },
  { type: 'object', properties: { a: { type: 'string' } } },
);

const data = fc
  .dictionary(
    words(4).map((parts) => parts.join('_')),
    property,
    { maxKeys: 6, noNullPrototype: true },
  )
  .map((properties) => ({ schema: { type: 'object', properties, required: Object.keys(properties) } }));

const task: fc.Arbitrary<TaskDefinition> = fc.record(
  {
    code: words(6).map((parts) => parts.join('_').toUpperCase()),
    kind: fc.constantFrom('human', 'system', 'message', 'thread'),
    name: words(14).map((parts) => parts.join(' ')),
    data,
  },
  { requiredKeys: ['code', 'kind'] },
);

/** Definitions as people write them, whose names are of very different lengths. */
export const ordinaryDefinition: fc.Arbitrary<WorkerDefinition> = fc.record({
  process: fc.record({ code: words(5).map((parts) => parts.join('_').toUpperCase()) }),
  workflow: fc.constant({ type: 'OrdinaryWorkflow', taskQueue: 'QUEUE' }),
  tasks: fc.uniqueArray(task, { maxLength: 7, selector: ({ code }) => code }),
});

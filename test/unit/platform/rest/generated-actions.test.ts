import fc from 'fast-check';
import { expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import { recordWorkflowOutcome } from '../../../../src/platform/domain/processes.ts';
import { LOAN } from '../domain/world.ts';
import { createRest, startLoan, type Rest } from './server.ts';

const CODES = (LOAN.actions ?? []).map(({ code }) => code);
const IDS = Array.from({ length: 6 }, () => uuid7());

/** Any JSON, in which names of the contract are frequent. */
const data = fc.dictionary(fc.constantFrom('AMOUNT', 'FIRST_NAME', 'a', 'text'), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 3,
});
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 3 });
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const id = fc.constantFrom(...IDS);

const creation = fc.record({
  kind: fc.constant('create' as const),
  body: fc
    .tuple(
      fc.constantFrom(...CODES, 'NOPE'),
      optional(fc.oneof(id, id, fc.constant('not-a-uuid'))),
      optional(fc.oneof(fc.constant({ AMOUNT: 1 }), data)),
      optional(fc.oneof(fc.constant('Hello'), fc.jsonValue({ maxDepth: 0 }))),
      rarely(fc.oneof(fc.constant({}), fc.record({ processItemThreadId: fc.uuid() }))),
      rarely(fc.record({ metadata: data, entity: data })),
      fc.boolean(),
    )
    .map(([code, actionId, input, text, createTask, startRelatedProcess, isFitting]) => ({
      processActionDefinitionCode: code,
      id: actionId,
      // Half of the requests only have what the type of the action has.
      ...(isFitting && code !== 'CORRECT' ? {} : { sendWorkflowSignal: input && { input } }),
      ...(isFitting && code !== 'SAY' ? {} : { createProcessItemMessage: text === undefined ? undefined : { text } }),
      ...(isFitting && code !== 'ASK' ? {} : { createTask }),
      ...(isFitting && code !== 'AGAIN' ? {} : { startRelatedProcess }),
    })),
});
const outcome = fc.oneof(
  fc.record({
    kind: fc.constant('completed' as const),
    result: fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.record({ message: fc.string(), downloadable: fc.record({ documentUri: fc.string() }) }),
    ) as fc.Arbitrary<null>,
  }),
  fc.record({
    kind: fc.constantFrom('failed' as const, 'canceled' as const, 'terminated' as const),
    message: fc.string(),
  }),
);
const step = fc.record({
  isUser: fc.boolean(),
  call: fc.oneof(
    { weight: 4, arbitrary: creation },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('read' as const, 'cancel' as const), id }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('upload' as const, 'old-upload' as const),
        id,
        empty: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), id, outcome }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'delete' as const }) },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const FILE = 'fileContentType=text%2Fplain&fileName=a.txt';

async function perform(rest: Rest, processId: string, { call, isUser }: Step): Promise<number> {
  const headers = isUser ? { authorization: rest.asUser } : {};
  const path = `/processes/${processId}`;
  const send = async (method: string, url: string, payload?: object | Buffer): Promise<number> => {
    const type = Buffer.isBuffer(payload) ? { 'content-type': 'application/octet-stream' } : {};
    const answer = await rest.call(method, url, { headers: { ...headers, ...type }, ...(payload && { payload }) });
    return answer.statusCode;
  };
  switch (call.kind) {
    case 'create':
      return send('POST', `${path}/actions`, call.body);
    case 'read':
      return send('GET', `${path}/actions/${call.id}`);
    case 'cancel':
      return send('POST', `${path}/actions/${call.id}/~actions/cancel`);
    case 'upload':
    case 'old-upload': {
      const bytes = Buffer.from(call.empty ? '' : 'text');
      return call.kind === 'upload'
        ? send('POST', `${path}/actions/${call.id}/~actions/upload-document?${FILE}`, bytes)
        : send('POST', `${path}/~actions/upload-user-action-document?${FILE}&userActionValueId=${call.id}`, bytes);
    }
    case 'delete':
      return send('DELETE', path);
    case 'end':
      recordWorkflowOutcome(rest.world.domain, call.id, call.outcome);
      return 200;
  }
}

it('answers 500 generated requests for user actions as the contract says, and never changes a final state', async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 100, maxLength: 100 }), async (steps) => {
      const rest = createRest();
      try {
        const processId = await startLoan(rest);
        const final = new Map<string, unknown>();
        for (const one of steps) {
          seen.add(await perform(rest, processId, one));
          for (const row of rest.world.store.sql.all(
            "SELECT id, status FROM process_actions WHERE status != 'REQUESTED'",
          )) {
            const actionId = String(row['id']);
            expect(row['status']).toBe(final.get(actionId) ?? row['status']);
            final.set(actionId, row['status']);
          }
        }
        const violations = rest.world.events.filter((event) => event.kind === 'contract-violation');
        expect(violations.filter(({ side }) => side === 'answer')).toEqual([]);
      } finally {
        await rest.stop();
      }
    }),
    { numRuns: 5 },
  );
  expect([...seen].filter((status) => ![200, 201, 304, 400, 403, 404, 409].includes(status))).toEqual([]);
  expect([...seen]).toEqual(expect.arrayContaining([200, 201, 400, 404, 409]));
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createStreamParser, type StreamMessage } from '../../../src/web/live/events.ts';

const STREAM = ':\n\nid: 4\n\nid: 5\nevent: request\ndata: {"a":1}\n\n:\n\ndata: three\n\n';

const MESSAGES: StreamMessage[] = [
  { id: '4', data: undefined },
  { id: '5', data: '{"a":1}' },
  { id: undefined, data: 'three' },
];

function parse(pieces: readonly string[]): StreamMessage[] {
  const messages: StreamMessage[] = [];
  const read = createStreamParser((message) => messages.push(message));
  for (const piece of pieces) read(piece);
  return messages;
}

it('splits a stream of events into messages', () => {
  expect(parse([STREAM])).toEqual(MESSAGES);
});

it('does not depend on how the stream arrives in pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length })), (cuts) => {
      const ends = [...cuts.sort((a, b) => a - b), STREAM.length];
      const pieces = ends.map((end, index) => STREAM.slice(ends[index - 1] ?? 0, end));
      expect(parse(pieces)).toEqual(MESSAGES);
    }),
  );
});

it('waits for the end of a message', () => {
  expect(parse(['id: 7\ndata: half'])).toEqual([]);
});

it('reads texts with all line separators of Unicode', () => {
  expect(parse(['id: 8\ndata: "a\u2028b\u2029c"\n\n'])).toEqual([{ id: '8', data: '"a\u2028b\u2029c"' }]);
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startRunner, type ReplayedProcess } from '../../../../src/commands/replay/replay-worker.ts';

/** Reads the blocks on standard input. `respond` is code that gets the ID and the history of each process. */
const worker = (respond: string): string => `
  let rest = Buffer.alloc(0);
  const blocks = [];
  console.log('The worker of the project starts');
  process.stdin.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      blocks.push(rest.subarray(4, 4 + rest.readUInt32BE()));
      rest = rest.subarray(4 + rest.readUInt32BE());
    }
    while (blocks.length >= 2) respond(blocks.shift().toString(), blocks.shift());
  });
  const print = (result) => console.log('kuflow-replay ' + JSON.stringify(result));
  // As Temporal's native threads do.
  setInterval(() => undefined, 1_000);
  function respond(id, history) { ${respond} }
`;

let runner: ReturnType<typeof startRunner> | undefined;
const results: ReplayedProcess[] = [];

function start(respond: string): ReturnType<typeof startRunner> {
  const folder = mkdtempSync(join(tmpdir(), 'kuflow-runner-'));
  writeFileSync(join(folder, 'main.cjs'), worker(respond));
  results.length = 0;
  runner = startRunner({
    command: { kind: 'command', program: process.execPath, args: ['main.cjs'] },
    folder,
    env: { PATH: process.env['PATH'] },
    onResult: (result) => results.push(result),
    signal: new AbortController().signal,
  });
  return runner;
}

afterEach(() => runner?.stop());

describe('the worker that replays histories', () => {
  it('gets each history with its ID, and other lines that it prints are ignored', async () => {
    const { send, finish } = start(`
      console.log('kuflow-replay Jane Miller');
      print({ id, outcome: history.length === 100_000 ? 'match' : 'mismatch', reason: 'The length is ' + history.length, other: 1 });
    `);
    await send('first', Buffer.alloc(100_000));
    await send('second', Buffer.alloc(0));
    await finish();
    expect(results).toEqual([
      { id: 'first', outcome: 'match', reason: 'The length is 100000' },
      { id: 'second', outcome: 'mismatch', reason: 'The length is 0' },
    ]);
  });

  it('fails with status 4 and the reason if it ends before it has replayed all processes', async () => {
    const { send, finish } = start(`
      if (id === 'first') print({ id, outcome: 'match' });
      else throw new TypeError('no workflows');
    `);
    await send('first', Buffer.from('history'));
    await send('second', Buffer.from('history'));
    await expect(finish()).rejects.toMatchObject({
      status: 4,
      message: 'The worker did not replay all processes',
      tried: `${process.execPath} main.cjs --replay`,
      seen: expect.stringMatching(/^status 1, TypeError: no workflows/) as unknown,
    });
    expect(results.map(({ id }) => id)).toEqual(['first']);
  });

  it('fails if it ends while it gets a history', async () => {
    const { send } = start('process.exit(7);');
    await send('first', Buffer.from('history'));
    await expect(send('second', Buffer.alloc(50_000_000))).rejects.toMatchObject({ status: 4, seen: 'status 7' });
  });
});

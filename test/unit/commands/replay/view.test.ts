import { describe, expect, it } from 'vitest';
import type { ReplaySummary } from '../../../../src/commands/replay/replay-processes.ts';
import { printReplay } from '../../../../src/commands/replay/view.ts';
import { openTerminal } from '../../../../src/terminal/terminal.ts';
import { fakeHost } from '../../../support/fake-host.ts';

const NONE: ReplaySummary = {
  ...{ found: 0, replayed: 0, matching: 0, mismatches: [], warnings: [], unreadable: [], status: 3 },
};

function printed(summary: Partial<ReplaySummary>): string {
  const { host, stdout } = fakeHost([], { tty: false, env: { NO_COLOR: '1' } });
  const result = { codes: ['LOAN', 'CARD'], states: ['RUNNING'], ...NONE, ...summary } as const;
  printReplay(openTerminal(host, host.env), result, 'use patched(…) (see README.md)');
  return stdout();
}

describe('the result of kuflow replay', () => {
  it('groups processes by the reason, with two IDs each', () => {
    const text = printed({
      ...{ found: 9, replayed: 6, matching: 1 },
      mismatches: [{ reason: 'Item 2 differs', processes: ['a', 'b', 'c', 'd'] }],
      unreadable: [{ reason: 'The key \u001b[31mcannot be read', processes: ['e'] }],
      warnings: [{ reason: 'Timer 1 takes 3 d', processes: ['f'] }],
    });
    expect(text).toBe(`✖ 4 processes: Item 2 differs
    a, b, and 2 more
? 1 process: The key \\u{1b}[31mcannot be read
    e
! 1 process: Timer 1 takes 3 d
    f
✖ 1 of 6 running processes match this workflow code; 3 more were left out because of --limit
`);
  });

  it('says if nothing was compared', () => {
    expect(printed({})).toBe('! No running process of LOAN, CARD was found, so nothing was compared\n');
  });
});

import { escapeForTerminal } from '../base/escape.ts';
import { palette } from './palette.ts';
import type { Channel } from './terminal.ts';

/** A row with an undefined cell is left out. */
export type TableRow = readonly (string | undefined)[];

/** Lines of a table with columns two spaces apart. Cells are escaped and cut at `limit` characters. Widths count characters. */
export function formatTable(rows: readonly TableRow[], indent = '', limit = 500): readonly string[] {
  const cells = rows
    .filter((row): row is readonly string[] => !row.includes(undefined))
    .map((row) => row.map((cell) => escapeForTerminal(cell, limit)));
  const widths: number[] = [];
  for (const row of cells) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, Array.from(cell).length)));
  }
  return cells.map((row) => {
    const padded = row.map((cell, column) =>
      column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - Array.from(cell).length),
    );
    return `${indent}${padded.join('  ')}`.trimEnd();
  });
}

/** Prints a table whose first row is a bold header. */
export function printTable(channel: Channel, rows: readonly TableRow[]): void {
  const [header = '', ...lines] = formatTable(rows);
  channel.line(palette(channel).bold(header));
  for (const line of lines) channel.line(line);
}

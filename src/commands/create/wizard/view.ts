import { escapeForTerminal } from '../../../base/escape.ts';
import type { KnownError } from '../../../base/errors.ts';
import type { WorkerDefinition } from '../../../process/definition.ts';
import { palette } from '../../../terminal/palette.ts';
import { printError } from '../../../terminal/print-error.ts';
import { openProgress } from '../../../terminal/progress.ts';
import { formatFields } from '../../../discovery/view.ts';
import type { MergedFile } from '../../../project/existing-files.ts';
import type { OutsideChange } from '../../../project/join/plan-outside.ts';
import { printMerged, printOutside } from '../view.ts';
import type { Terminal } from '../../../terminal/terminal.ts';
import { wrapText } from '../../../terminal/wrap.ts';

const MAX_LENGTH = 1000;

/** What the wizard prints between questions: whole lines on stderr, which a screen reader reads in order. */
export function wizardView(terminal: Terminal) {
  const { err } = terminal;
  const { bold, dim, green, yellow } = palette(err);
  const prose = (text: string): void => err.line(wrapText(text, err.columns));
  return {
    intro: (): void => {
      prose(bold('Create a worker project for a KuFlow process.'));
      prose(dim('Esc goes back, Ctrl-C quits. Nothing is written before you confirm at the end.'));
      err.line();
    },
    done: (text: string): void => prose(`${green(err.marks.done)} ${escapeForTerminal(text, MAX_LENGTH)}`),
    note: (text: string): void => prose(`${yellow(err.marks.warning)} ${escapeForTerminal(text, MAX_LENGTH)}`),
    problem: (error: KnownError): void => printError(terminal, error),
    working: async <Result>(title: string, work: () => Promise<Result>): Promise<Result> => {
      const progress = openProgress(err);
      progress.begin(title);
      try {
        return await work();
      } finally {
        progress.stop();
      }
    },
    /** `notes`: what may be wrong or incomplete in it. */
    process: (definition: WorkerDefinition, notes: readonly string[]): void => {
      err.line();
      err.line(bold(escapeForTerminal(definition.process.code)));
      definition.tasks.forEach(({ code, kind, data }, index) => {
        const fields = formatFields(data?.schema);
        prose(`  ${index + 1}. ${escapeForTerminal(code, 200)}  ${kind}${fields === '' ? '' : dim(`  ${fields}`)}`);
      });
      for (const note of notes) prose(`  ${dim(`- ${escapeForTerminal(note, MAX_LENGTH)}`)}`);
      err.line();
    },
    /** The changes of files that exist already, and all changes outside the folder of the project. */
    changes: (merged: readonly MergedFile[], outside: readonly OutsideChange[]): void => {
      printMerged(err, merged);
      printOutside(err, outside);
      if (merged.length > 0 || outside.length > 0) err.line();
    },
    summary: (rows: readonly (readonly [label: string, value: string])[]): void => {
      err.line();
      const width = Math.max(...rows.map(([label]) => label.length));
      // Two columns only if there is room: a narrow column of text is hard to read.
      const hasColumns = err.columns >= width + 40;
      for (const [label, value] of rows) {
        const text = escapeForTerminal(value, MAX_LENGTH);
        if (!hasColumns) prose(`${dim(`${label}:`)} ${text}`);
        else {
          const [first = '', ...more] = wrapText(text, err.columns - width - 4).split('\n');
          err.line(`  ${dim(label.padEnd(width))}  ${first}`);
          for (const line of more) err.line(`${' '.repeat(width + 4)}${line}`);
        }
      }
      err.line();
    },
  };
}

import { countOf } from '../../base/count-of.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { TemplateOrigin } from '../../languages/project-spec.ts';
import type { InstallResult, ToolFailure } from '../../languages/run-project-tool.ts';
import { readTemplateTitle } from '../../project/view.ts';
import type { Progress } from '../../terminal/progress.ts';

export type VerifyResult = { readonly command: string } & (
  | { readonly kind: 'passed'; readonly ms: number }
  | (Omit<ToolFailure, 'command'> & { readonly kind: 'failed' })
  | { readonly kind: 'interrupted' }
);

export type UpdateView = ReturnType<typeof updateView>;

export function updateView(progress: Progress) {
  return {
    readingTemplate: (source: string): void =>
      progress.begin(`Reading the template ${escapeForTerminal(source, 300)}…`),
    templateRead: (origin: TemplateOrigin): void => progress.end('done', readTemplateTitle(origin)),
    written: (files: number): void => progress.end('done', `Wrote ${countOf(files, 'file')}`),
    installing: (tool: string): void => progress.begin(`Installing dependencies with ${tool}…`),
    installEnded: (result: InstallResult): void => {
      if (result.kind === 'installed') progress.end('done', 'Installed dependencies');
      else if (result.kind === 'interrupted') progress.end('warning', 'Installation interrupted');
      else progress.end('failed', `Could not install dependencies: ${result.seen}`);
    },
    checking: (command: string): void => progress.begin(`Running ${command}…`),
    checkEnded: (result: VerifyResult): void => {
      if (result.kind === 'passed') progress.end('done', `${result.command} passed`);
      else if (result.kind === 'interrupted') progress.end('warning', `${result.command} interrupted`);
      else progress.end('failed', `${result.command} failed: ${result.seen}`);
    },
    /** A line of the output of the installation or of a check. */
    line: (line: string): void => progress.detail(line),
  };
}

import { escapeForTerminal } from '../../../base/escape.ts';
import { formatPathOption } from '../../../base/shell.ts';

const BYTES_PER_MB = 1_000_000;

const formatMegabytes = (bytes: number): string => `${(bytes / BYTES_PER_MB).toFixed(1)} MB`;

export function resetQuestion(stateDir: string, bytes: number): string {
  return `Remove the state of the local KuFlow in ${stateDir} (${formatMegabytes(bytes)})? All its processes, tasks and documents are lost.`;
}

export function exportedLines(file: string, bytes: number): { readonly result: string; readonly warning: string } {
  return {
    result: `Exported the state of the local KuFlow to ${escapeForTerminal(file, 1000)} (${formatMegabytes(bytes)})`,
    warning: 'The file contains secrets: keys and tokens of this local KuFlow, and all documents. Do not commit it.',
  };
}

export function importedLine(
  stateDir: string,
  { version, createdAt }: { readonly version: string; readonly createdAt: string },
  { invocation, stateDir: option }: { readonly invocation: string; readonly stateDir: string | undefined },
): string {
  const source = escapeForTerminal(`exported at ${createdAt} by version ${version}`, 200);
  return `Imported the state (${source}) to ${escapeForTerminal(stateDir, 1000)}\nStart the local KuFlow: ${invocation} dev${formatPathOption('--state-dir', option)}`;
}

import { resolve } from 'node:path';
import { usageError } from '../../../base/errors.ts';
import { escapeForTerminal } from '../../../base/escape.ts';
import { withContext } from '../../../base/system-error.ts';
import type { CommandContext } from '../../../cli/context.ts';
import type { DevFlags } from '../../../cli/platform-options.ts';
import { stateFolder } from '../../../platform/state/state-file.ts';
import { exportState } from '../../../platform/state/export.ts';
import { importState } from '../../../platform/state/import.ts';
import { requireStopped } from '../../../platform/state/lock.ts';
import { measureState, removeState } from '../../../platform/state/reset.ts';
import { stringifyForTerminal } from '../../../terminal/json.ts';
import { exportedLines, importedLine, resetQuestion } from './view.ts';

export async function runReset(flags: DevFlags & { readonly yes?: boolean }, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const stateDir = stateFolder({ cwd: context.cwd, stateDir: flags.stateDir });
  const bytes = await withContext("Reading the local KuFlow's state", stateDir, () => measureState(stateDir));
  if (bytes !== undefined) {
    requireStopped(stateDir);
    if (flags.yes !== true && !(await confirmReset(stateDir, bytes, flags, context))) {
      terminal.err.line('Nothing was removed');
      context.setStatus(1);
      return;
    }
    await withContext("Removing the local KuFlow's state", stateDir, () => removeState(stateDir));
  }
  const removed = bytes !== undefined;
  if (flags.json === true) terminal.out.line(stringifyForTerminal({ stateDir, removed, bytes: bytes ?? 0 }));
  else if (removed) terminal.out.line(`Removed the state of the local KuFlow in ${escapeForTerminal(stateDir, 1000)}`);
  else
    terminal.out.line(
      `Nothing to remove: ${escapeForTerminal(stateDir, 1000)} does not contain the state of a local KuFlow`,
    );
}

/** An export takes a moment, and nothing of it is left behind. A swap of the state should not be cut. */
function finishBeforeInterrupts(context: CommandContext): void {
  context.interruption();
}

async function confirmReset(
  stateDir: string,
  bytes: number,
  flags: DevFlags,
  context: CommandContext,
): Promise<boolean> {
  const { terminal } = context;
  if (!terminal.canPrompt || flags.json === true)
    throw usageError(`This removes the state of the local KuFlow in ${stateDir}`, ['To remove it, pass --yes']);
  const { openPrompts } = await import('../../../terminal/prompts.ts');
  const ask = openPrompts(terminal, context.interruption());
  return (await ask.confirm({ message: resetQuestion(stateDir, bytes), fallback: false })) === true;
}

export async function runExport(
  name: string,
  flags: DevFlags & { readonly replace?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal, cwd, version } = context;
  const file = resolve(cwd, name);
  const stateDir = stateFolder({ cwd, stateDir: flags.stateDir });
  finishBeforeInterrupts(context);
  const { bytes, files } = await withContext("Exporting the local KuFlow's state", file, () =>
    exportState({ stateDir, file, replace: flags.replace === true, version }),
  );
  if (flags.json === true) terminal.out.line(stringifyForTerminal({ file, bytes, files }));
  else terminal.out.line(exportedLines(name, bytes).result);
  terminal.err.line(exportedLines(name, bytes).warning);
}

export async function runImport(
  name: string,
  flags: DevFlags & { readonly replace?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal, cwd, invocation } = context;
  const file = resolve(cwd, name);
  const stateDir = stateFolder({ cwd, stateDir: flags.stateDir });
  finishBeforeInterrupts(context);
  const { manifest, replaced } = await withContext("Importing the local KuFlow's state", stateDir, () =>
    importState({ stateDir, file, replace: flags.replace === true }),
  );
  const { version, createdAt, files } = manifest;
  if (flags.json === true)
    terminal.out.line(
      stringifyForTerminal({ stateDir, files: files.length, replaced, exported: { version, createdAt } }),
    );
  else terminal.out.line(importedLine(stateDir, manifest, { invocation, stateDir: flags.stateDir }));
}

import { resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { formatPathOption } from '../../base/shell.ts';
import { withContext } from '../../base/system-error.ts';
import type { CommandContext } from '../../cli/context.ts';
import { openPromptsIfAllowed } from '../../cli/prompts.ts';
import type { DevFlags } from '../../cli/platform-options.ts';
import { stateFolder } from '../../platform/state/running-state.ts';
import { exportState } from '../../platform/state/export.ts';
import { importState } from '../../platform/state/import.ts';
import { requireStopped } from '../../platform/state/require-stopped.ts';
import { measureState, removeState } from '../../platform/state/reset.ts';

const formatMegabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

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
  if (flags.json === true) terminal.out.json({ stateDir, removed, bytes: bytes ?? 0 });
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
  const ask = await openPromptsIfAllowed(flags, context);
  if (ask === undefined)
    throw usageError(`This removes the state of the local KuFlow in ${stateDir}`, ['To remove it, pass --yes']);
  const message = `Remove the state of the local KuFlow in ${stateDir} (${formatMegabytes(bytes)})? All its processes, tasks and documents are lost.`;
  return (await ask.confirm({ message, fallback: false })) === true;
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
  if (flags.json === true) terminal.out.json({ file, bytes, files });
  else
    terminal.out.line(
      `Exported the state of the local KuFlow to ${escapeForTerminal(name, 1000)} (${formatMegabytes(bytes)})`,
    );
  terminal.err.line(
    'The file contains secrets: keys and tokens of this local KuFlow, and all documents. Do not commit it.',
  );
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
  const { manifest, files, replaced } = await withContext("Importing the local KuFlow's state", stateDir, () =>
    importState({ stateDir, file, replace: flags.replace === true }),
  );
  const { version, createdAt } = manifest;
  if (flags.json === true) {
    terminal.out.json({ stateDir, files, replaced, exported: { version, createdAt } });
    return;
  }
  const source = escapeForTerminal(`exported at ${createdAt} by version ${version}`, 200);
  terminal.out.line(`Imported the state (${source}) to ${escapeForTerminal(stateDir, 1000)}`);
  terminal.out.line(`Start the local KuFlow: ${invocation} dev${formatPathOption('--state-dir', flags.stateDir)}`);
}

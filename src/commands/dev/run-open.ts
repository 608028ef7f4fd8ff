import { join } from 'node:path';
import { KnownError, messageOf } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { CommandContext } from '../../cli/context.ts';
import { requireRunningPlatform } from '../../cli/local-kuflow.ts';
import type { DevFlags } from '../../cli/platform-options.ts';
import { pageAddress } from '../../platform/console/page-address.ts';
import { requestOpenFile } from '../../platform/rest/dev-client.ts';
import { openFolder, stateFolder } from '../../platform/state/running-state.ts';

/** `kuflow dev open`: opens the console in a browser, or with --print prints its address, which contains the user's token. */
export async function runOpen(
  path: string | undefined,
  flags: DevFlags & { readonly print?: boolean },
  context: CommandContext,
): Promise<void> {
  const { cwd, terminal } = context;
  const running = await requireRunningPlatform({ cwd, stateDir: flags.stateDir }, context);
  if (flags.print === true) {
    terminal.out.line(pageAddress(running, { token: running.user.token.reveal() }, path));
    return;
  }
  const shown = pageAddress(running, {}, path);
  const file = await requestOpenFile(running, path ?? '');
  await openBrowser(join(openFolder(stateFolder({ cwd, stateDir: flags.stateDir })), file));
  terminal.err.line(`Opened ${escapeForTerminal(shown)}`);
}

/** Milliseconds after which the program that opens the browser counts as successful. Some run for as long as the browser. */
const FAILS_WITHIN = 3000;

/** Opens the HTML file in the default browser. Rejects with KnownError if the browser does not open. */
async function openBrowser(file: string): Promise<void> {
  const { default: open } = await import('open');
  try {
    const program = await open(file);
    const status = await new Promise<number | null>((resolve, reject) => {
      if (program.exitCode !== null) resolve(program.exitCode);
      program.once('exit', resolve).once('error', reject);
      setTimeout(() => resolve(0), FAILS_WITHIN).unref();
      program.ref();
    });
    if (status !== 0) throw new Error(`it ended with status ${status ?? 'unknown'}`);
  } catch (error) {
    throw new KnownError({
      message: 'No browser could be opened',
      seen: messageOf(error),
      next: ['To print the address instead, pass --print'],
    });
  }
}

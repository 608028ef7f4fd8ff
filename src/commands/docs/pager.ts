import { spawn } from 'node:child_process';
import type { CommandContext } from '../../cli/context.ts';
import { findOnPath } from '../../files/find-on-path.ts';

/** Shows a text in the user's pager, if this is a terminal and there is one. Otherwise prints it. */
export async function showInPager(text: string, context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const [name = '', ...args] = (env['PAGER'] ?? 'less').split(' ').filter((word) => word !== '');
  const program = terminal.out.isTTY && name !== '' ? findOnPath(name, env) : undefined;
  if (program === undefined) {
    terminal.out.write(text);
    return;
  }
  // As git does: less ends at once if the text fits on the screen, and shows colors.
  const pager = spawn(program, args, { env: { LESS: 'FRX', ...env }, stdio: ['pipe', 'inherit', 'inherit'] });
  context.passSignals((signal) => {
    // The terminal sends Ctrl-C to the pager as well, and the pager keeps running.
    if (signal !== 'SIGTERM' && signal !== 'SIGHUP') return;
    pager.kill(signal);
    context.setStatus(130);
  });
  await new Promise<void>((resolve, reject) => {
    // The user may end the pager before it has read everything.
    pager.stdin.on('error', () => undefined).end(text);
    pager.once('error', reject).once('close', () => resolve());
  });
}

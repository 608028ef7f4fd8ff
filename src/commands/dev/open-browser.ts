import { KnownError, messageOf } from '../../base/errors.ts';

/** Milliseconds after which the program that opens the browser counts as successful. Some run for as long as the browser. */
const FAILS_WITHIN = 3000;

/** Opens the HTML file in the default browser. Rejects with KnownError if the browser does not open. */
export async function openBrowser(file: string): Promise<void> {
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

/** The demo: from nothing to a completed process on the local platform. */
export const demo = {
  name: 'demo',
  title: 'The demo: a local KuFlow, a new worker, one process',
  /** @param {Awaited<ReturnType<typeof import('./recording.mjs').openRecording>>} terminal */
  async drive(terminal) {
    terminal.pause(0.8);
    await terminal.type('npx kuflow dev demo');
    await terminal.press('enter');
    await terminal.until('Start a local KuFlow');
    await terminal.prompt();
    if (!terminal.everything().includes('Next steps:')) throw new Error(`The demo failed\n${terminal.everything()}`);
    // Other platforms on this machine must not show up in the recording.
    if (terminal.everything().includes('is in use by'))
      throw new Error('The default ports are in use: record when they are free');
  },
};

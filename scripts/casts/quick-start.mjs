/** The quick start of README: a new worker, and one process on the local KuFlow. */
export const quickStart = {
  name: 'quick-start',
  title: 'Quick start: a new worker, and one process on the local KuFlow',
  /** @param {Awaited<ReturnType<typeof import('./recording.mjs').openRecording>>} terminal */
  async drive(terminal) {
    const run = async (command) => {
      terminal.pause(0.8);
      await terminal.type(command);
      await terminal.press('enter');
      await terminal.prompt();
    };
    await run('npx create-kuflow-worker loan-worker --local --yes');
    await run('cd loan-worker');
    await run('npm run smoke');
    const text = terminal.everything();
    if (!text.includes('COMPLETED')) throw new Error(`The quick start failed\n${text}`);
    // Other platforms on this machine must not show up in the recording.
    if (text.includes('is in use by')) throw new Error('The default ports are in use: record when they are free');
  },
};

/** The questions of `create-kuflow-worker`, answered for the sample process. */
export const wizard = {
  name: 'wizard',
  title: 'A new worker by questions',
  /** @param {Awaited<ReturnType<typeof import('./recording.mjs').openRecording>>} terminal */
  async drive(terminal) {
    terminal.pause(0.8);
    await terminal.type('npx create-kuflow-worker');
    await terminal.press('enter');
    await terminal.until('Folder of the new project');
    await terminal.type('loan-worker');
    await terminal.press('enter');
    await terminal.until('Which process is the worker for?');
    terminal.pause(1.2);
    await terminal.press('enter');
    await terminal.prompt();
  },
};

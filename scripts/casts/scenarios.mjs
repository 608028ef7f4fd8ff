// What is typed in the recordings.

/** @typedef {Awaited<ReturnType<typeof import('./recording.mjs').openRecording>>} Terminal */

/** The quick start of README: a new worker, and one process on the local KuFlow. */
export const quickStart = {
  name: 'quick-start',
  title: 'Quick start: a new worker, and one process on the local KuFlow',
  /** @param {Terminal} terminal */
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

/** The prompts of `create-kuflow-worker`, answered for a process that is described step by step, until the new worker is checked. */
export const wizard = {
  name: 'wizard',
  title: 'Creating a worker with the wizard',
  rows: 30,
  /** @param {Terminal} terminal */
  async drive(terminal) {
    const choose = async (question, ...keys) => {
      await terminal.asked(question);
      terminal.pause(0.9);
      for (const key of [...keys, 'enter']) await terminal.press(key);
    };
    const answer = async (question, text) => {
      await terminal.asked(question);
      terminal.pause(0.6);
      await terminal.type(text);
      await terminal.press('enter');
    };
    terminal.pause(0.8);
    await terminal.type('npx create-kuflow-worker');
    await terminal.press('enter');
    await choose('Which process is the worker for?', 'down', 'down');
    await choose('Where will the worker run first?');
    await answer('Process definition code', 'LOAN');
    await answer('Code of the first task', 'APPLY');
    await choose('What kind of task is APPLY?');
    await choose('JSON Schema file for the data of APPLY');
    await answer('Code of task 2', 'SCORE');
    await choose('What kind of task is SCORE?', 'down');
    await choose('JSON Schema file for the data of SCORE');
    await choose('Code of task 3');
    await choose('Task queue (LOAN_QUEUE)');
    await choose('Workflow type (LoanWorkflow)');
    await choose('Folder for the new project (loan-worker)');
    await choose('Language of the worker');
    await choose('Package manager');
    await choose('Create a git repository');
    await choose('Install dependencies with npm?');
    await terminal.asked('Create the project?');
    terminal.pause(3);
    await terminal.press('enter');
    await terminal.prompt();
    const text = terminal.everything();
    if (!text.includes('To repeat this without prompts') || !text.includes('Installed dependencies')) {
      throw new Error(`The wizard failed\n${text}`);
    }
  },
};

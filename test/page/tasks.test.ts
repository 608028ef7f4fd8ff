import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import type { DataShape, ProcessDefinition } from '../../src/process/definition.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import type { ActionsOfProcess } from '../../src/platform/shared/dev-contract.ts';
import { accessibilityFindings, describeInChromium, useBrowser } from '../support/browser.ts';
import { useConsole } from '../support/console.ts';
import { takePictures } from '../support/pictures.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';

const ADA = 'ada@example.com';
const BOB = 'bob@example.com';
const EVE = 'eve@example.com';

const CLAIMS: ProcessDefinition = {
  process: { code: 'CLAIM', name: 'Claim' },
  workflow: { type: 'ClaimWorkflow', taskQueue: 'CLAIM_QUEUE' },
  tasks: [
    {
      code: 'REPORT',
      kind: 'human',
      name: 'Report the damage',
      candidates: ['ADJUSTERS'],
      data: {
        schema: {
          type: 'object',
          properties: {
            what: { type: 'string', title: 'What happened' },
            photo: { type: 'string', format: 'kuflow-file', title: 'Photo' },
          },
          required: ['what'],
        },
      },
    },
    {
      code: 'MATRIX',
      kind: 'human',
      name: 'Rate the damage',
      data: { schema: { type: 'object', properties: { ratings: { title: 'Ratings' } } } },
    },
  ],
  actions: [
    {
      ...{ code: 'CORRECT', type: 'send-workflow-signal', signal: 'Correct', name: 'Correct the amount' },
      input: {
        schema: {
          type: 'object',
          properties: {
            amount: { type: 'number', title: 'Amount' },
            bill: { type: 'string', format: 'kuflow-file', title: 'Bill' },
          },
          required: ['amount'],
        },
      },
    },
    { code: 'RATE', type: 'create-task', task: 'MATRIX', name: 'Have it rated' },
    {
      ...{ code: 'REPORT', type: 'downloadable', name: 'Print the claim' },
      workflow: { type: 'PrintWorkflow', taskQueue: 'PRINT_QUEUE' },
    },
  ],
};

const newFolder = temporaryFolders();

describeInChromium('tasks in the console', () => {
  const browser = useBrowser();
  const app = useConsole(browser, {
    definitions: [sampleDefinition(), CLAIMS],
    people: {
      users: [
        { email: ADA, name: 'Ada Adjuster', groups: ['ADJUSTERS'] },
        { email: BOB, name: 'Bob Adjuster', groups: ['ADJUSTERS'] },
        { email: EVE, name: 'Eve Visitor', groups: [] },
      ],
      groups: [{ code: 'ADJUSTERS', name: 'Adjusters' }],
    },
  });
  const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name, exact: true });
  const newTask = async (code: string, process: string): Promise<string> =>
    await app.addTask(await app.startProcess(undefined, process), code);
  const taskData = async (id: string): Promise<unknown> =>
    (await app.user().retrieveProcessItem(id)).task?.data?.value ?? {};

  const hasFocus = async (element: Locator): Promise<boolean> =>
    (await element.and(element.page().locator(':focus')).count()) === 1;

  /** Presses Tab until the element has the focus. */
  async function tabTo(page: Page, element: Locator): Promise<void> {
    await element.waitFor();
    for (let presses = 0; presses < 60; presses++) {
      if (await hasFocus(element)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${element.toString()}`);
  }

  it('can be completed with the keyboard only, from the start of the process', async () => {
    const page = await app.open('/');
    await tabTo(page, page.getByRole('link', { name: 'Start Loan' }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByLabel('First name'));
    await page.keyboard.type('Ada');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Lovelace');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Loan', exact: true }).waitFor();
    expect(await page.locator('.subtitle').innerText()).toContain('Ada · Lovelace');
    const processId = new URL(page.url()).pathname.split('/').at(-1) ?? '';

    const id = await app.addTask(processId, 'LOAN_APPLICATION');
    await tabTo(
      page,
      page.getByRole('region', { name: 'Tasks and messages' }).getByRole('link', { name: /Loan application/ }),
    );
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByLabel('First name'));
    await page.keyboard.type('Ada');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Lovelace');
    await tabTo(page, page.getByLabel('Currency'));
    await page.keyboard.type('USD');
    await tabTo(page, page.getByLabel('Amount'));
    await page.keyboard.type('250', { delay: 0 });
    // The last key and Enter come at once.
    await page.keyboard.press('Enter');
    await page.getByText('Completed', { exact: true }).waitFor();
    expect(await taskData(id)).toEqual({ firstName: 'Ada', lastName: 'Lovelace', currency: 'USD', amount: 250 });
  });

  it('keep the text and the focus while the data changes elsewhere, and report that', async () => {
    const processId = await app.startProcess();
    const id = await app.addTask(processId, 'LOAN_APPLICATION');
    const page = await app.open(`/tasks/${id}`);
    const name = page.getByLabel('First name');
    await name.focus();
    for (const letter of 'Augusta') {
      await page.keyboard.type(letter);
      // Each new task is an event, after which the console reads the task again.
      const read = page.waitForResponse((response) => response.url().includes(`/process-items/${id}`));
      await app.addTask(processId, 'CHECK_CREDIT');
      await read;
    }
    expect(await name.inputValue()).toBe('Augusta');
    expect(await hasFocus(name)).toBe(true);

    const elsewhere = await app.open(`/tasks/${id}`);
    await elsewhere.getByLabel('First name').fill('Byron');
    await button(elsewhere, 'Save draft').click();
    await page.getByText('The data of the task was changed elsewhere').waitFor();
    expect(await name.inputValue()).toBe('Augusta');

    await button(elsewhere, 'Fill with example data').click();
    await elsewhere.getByText('Filled in the empty fields').waitFor();
    await button(elsewhere, /^(Claim and complete|Complete)$/).click();
    await page.getByText('The task was completed while you were typing').waitFor();
    expect(await name.inputValue()).toBe('Augusta');
    expect(await name.isEditable()).toBe(false);
    await button(page, 'Show the saved data').click();
    expect(await page.getByLabel('First name').inputValue()).toBe('Byron');
  });

  it('can be claimed by one user only, by candidates only, and released for another', async () => {
    const id = await newTask('REPORT', 'CLAIM');
    const ada = await app.open(`/tasks/${id}`, { as: ADA });
    const bob = await app.open(`/tasks/${id}`, { as: BOB });
    const eve = await app.open(`/tasks/${id}`, { as: EVE, expectedErrors: [/403/] });
    await button(eve, 'Claim').click();
    await eve
      .getByRole('alert')
      .getByText(/candidate/i)
      .waitFor();

    await bob.getByLabel('What happened').fill('Hail');
    await button(ada, 'Claim').click();
    await bob.getByText('Ada Adjuster has claimed this task').waitFor();
    expect(await bob.getByLabel('What happened').inputValue()).toBe('Hail');
    expect(await bob.getByLabel('What happened').isEditable()).toBe(false);
    expect(await button(bob, /complete/i).count()).toBe(0);

    await button(ada, 'Release').click();
    await button(bob, 'Claim').click();
    await ada.getByText('Bob Adjuster has claimed this task').waitFor();
    await button(bob, 'Complete').click();
    await ada.getByText('completed', { exact: true }).waitFor();
    expect(await taskData(id)).toEqual({ what: 'Hail' });
  });

  it('switch to another user in the same tab', async () => {
    const id = await newTask('REPORT', 'CLAIM');
    const page = await app.open(`/tasks/${id}`, { as: ADA });
    await page.getByLabel('Act as').selectOption({ label: 'Bob Adjuster' });
    await button(page, 'Claim').click();
    await page.getByText('by you').waitFor();
    const { users } = (await app.dev('GET', '/users')) as { users: { email: string; principalId: string }[] };
    expect((await app.user().retrieveProcessItem(id)).ownerId).toBe(
      users.find(({ email }) => email === BOB)?.principalId,
    );
  });

  it('are completed with invalid data only in a second step', async () => {
    const id = await newTask('LOAN_APPLICATION', 'LOAN');
    const page = await app.open(`/tasks/${id}`);
    await page.getByLabel('Amount').fill('a lot');
    await button(page, 'Claim and complete').click();
    const refusal = page.getByRole('alert');
    await refusal.getByText('The task was not completed: its data is not valid').waitFor();
    expect(await refusal.innerText()).toMatch(/Amount: .*\n.*First name|First name: [^]*Amount/);
    expect((await app.user().retrieveProcessItem(id)).task?.state).toBe('READY');
    await button(page, 'Complete with invalid data').click();
    await page.getByText('Completed', { exact: true }).waitFor();
    expect((await app.user().retrieveProcessItem(id)).task).toMatchObject({
      state: 'COMPLETED',
      data: { valid: false, value: { amount: 'a lot' } },
    });
  });

  it('upload and download documents, and report the size limit without losing typed text', async () => {
    const folder = newFolder();
    const large = join(folder, 'large.bin');
    const file = openSync(large, 'w');
    ftruncateSync(file, 101 * 1024 * 1024);
    closeSync(file);
    const photo = join(folder, 'photo ü.txt');
    writeFileSync(photo, 'a photo');
    const id = await newTask('REPORT', 'CLAIM');
    const page = await app.open(`/tasks/${id}`, { as: ADA });
    await page.getByLabel('What happened').fill('Hail');

    await page.getByLabel('Photo').setInputFiles(large);
    await page
      .getByText(/large\.bin.*100(\.0)? MiB/)
      .first()
      .waitFor();
    expect(await page.getByLabel('What happened').inputValue()).toBe('Hail');

    await page.getByLabel('Photo').setInputFiles(photo);
    await page.getByText(/photo ü\.txt/).waitFor();
    const download = page.waitForEvent('download');
    await button(page, /^Download/).click();
    const saved = await download;
    expect(saved.suggestedFilename()).toBe('photo ü.txt');
    expect(readFileSync(await saved.path(), 'utf8')).toBe('a photo');
    await button(page, 'Claim and complete').click();
    await page.getByText('Completed', { exact: true }).waitFor();
    expect(await taskData(id)).toEqual({ what: 'Hail', photo: expect.stringContaining('kuflow-file:') as string });
  });

  it('show data as JSON where the schema says nothing about it', async () => {
    const id = await newTask('MATRIX', 'CLAIM');
    const page = await app.open(`/tasks/${id}`);
    const editor = page.getByLabel('Ratings');
    await editor.fill('[[1, 2], [3');
    await button(page, 'Claim and complete').click();
    await page.getByRole('alert').getByText(/JSON/).waitFor();
    expect(await editor.inputValue()).toBe('[[1, 2], [3');
    await editor.fill('[[1, 2], [3, {"four": 4}]]');
    await button(page, 'Claim and complete').click();
    await page.getByText('Completed', { exact: true }).waitFor();
    expect(await taskData(id)).toEqual({
      ratings: [
        [1, 2],
        [3, { four: 4 }],
      ],
    });
  });

  it('keep what was typed when the tab is loaded again', async () => {
    const id = await newTask('MATRIX', 'CLAIM');
    const page = await app.open(`/tasks/${id}`);
    await page.getByLabel('Ratings').fill('{"roof": 3}');
    await page.reload();
    await page.getByText('What you typed before is back').waitFor();
    expect(await page.getByLabel('Ratings').inputValue()).toMatch(/"roof": ?3/);
    expect(await taskData(id)).toEqual({});
  });

  it('say at the start of a process whether the example data or the process is what failed', async () => {
    const page = await app.open('/processes/start/LOAN', { expectedErrors: [/ERR_FAILED/] });
    const refuse = (path: string): Promise<unknown> => page.route(path, (route) => route.abort());
    await refuse('**/_dev/definitions/LOAN/examples');
    await button(page, 'Fill with example data').click();
    await page.getByRole('alert').getByText('Example data is not available').waitFor();
    await page.unrouteAll();

    await button(page, 'Fill with example data').click();
    await page.getByText('Filled in the empty fields').waitFor();
    await refuse('**/processes');
    await button(page, 'Start process').click();
    await page.getByRole('alert').getByText('The process could not be started').waitFor();
  });

  it('keep what was typed when the definition changes: a process keeps its version, and a new one gets the new fields', async () => {
    const id = await newTask('REPORT', 'CLAIM');
    const task = await app.open(`/tasks/${id}`, { as: ADA });
    await task.getByLabel('What happened').fill('Hail');
    const start = await app.open('/processes/start/LOAN');
    await start.getByLabel('First name').fill('Ada');
    const { platform } = app.platform();
    const { definitions } = platform;
    onTestFinished(() => platform.setDefinitions(definitions));

    const sample = sampleDefinition();
    const required = (shape: DataShape | undefined, name: string): DataShape => ({
      schema: {
        ...shape?.schema,
        properties: { ...(shape?.schema['properties'] as JsonObject), [name]: { type: 'string', title: 'Added' } },
        required: [name],
      },
    });
    platform.setDefinitions([
      { ...sample, metadata: required(sample.metadata, 'added') },
      { ...CLAIMS, tasks: CLAIMS.tasks.map((one) => ({ ...one, data: required(one.data, 'added') })) },
    ]);
    await start.getByText('The process definition has changed').waitFor();
    expect(await start.getByLabel('First name').inputValue()).toBe('Ada');
    await start.getByLabel('Added').fill('later');
    await button(start, 'Start process').click();
    await start.locator('.subtitle').getByText('Ada · later').waitFor();

    expect(await task.getByLabel('What happened').inputValue()).toBe('Hail');
    await button(task, 'Claim and complete').click();
    await task.getByText('Completed', { exact: true }).waitFor();
    expect((await app.user().retrieveProcessItem(id)).task?.data).toMatchObject({
      valid: true,
      value: { what: 'Hail' },
    });
  });

  it('are created by user actions, which can be invoked with the keyboard only', async () => {
    const id = await app.startProcess(undefined, 'CLAIM');
    const page = await app.open(`/processes/${id}`);
    const actions = page.getByRole('region', { name: 'User actions' });
    const invoked = actions.getByRole('listitem');
    const press = async (element: Locator): Promise<void> => {
      await tabTo(page, element);
      await page.keyboard.press('Enter');
    };

    await press(button(page, 'Correct the amount…'));
    const amount = actions.getByRole('textbox', { name: 'Amount' });
    await amount.waitFor();
    await press(button(page, 'Invoke'));
    await actions.getByText('The action was not invoked').waitFor();
    await actions
      .getByLabel('Bill')
      .setInputFiles({ name: 'bill.txt', mimeType: 'text/plain', buffer: Buffer.from('The bill') });
    await actions.getByText(/^bill\.txt/).waitFor();
    await tabTo(page, amount);
    await page.keyboard.type('12');
    await page.keyboard.press('Enter');
    await invoked.filter({ hasText: 'Correct the amount' }).getByText('completed').waitFor();
    const [correction] = ((await app.dev('GET', `/processes/${id}/actions`)) as ActionsOfProcess).invoked;
    const bill = expect.stringMatching(/^kuflow-file:.*name=bill\.txt/) as string;
    expect(correction?.action.sendWorkflowSignal).toMatchObject({ input: { value: { amount: 12, bill } } });

    await button(page, 'Correct the amount…').and(page.locator(':focus')).waitFor();

    await press(button(page, 'Print the claim…'));
    expect(await accessibilityFindings(page)).toEqual([]);
    await takePictures(page, 'a user action');
    await press(button(page, 'Invoke'));
    const print = invoked.filter({ hasText: 'Print the claim' });
    await print.getByText('Waiting: no worker is polling PRINT_QUEUE').waitFor();
    const requested = ((await app.dev('GET', `/processes/${id}/actions`)) as ActionsOfProcess).invoked.at(-1)?.action
      .id;
    await app.application().call('uploadProcessActionDocument', {
      path: { id, actionId: requested ?? '' },
      query: { fileName: 'claim.txt', fileContentType: 'text/plain' },
      body: Buffer.from('The claim'),
    });
    const download = page.waitForEvent('download');
    await press(print.getByRole('button', { name: 'Download' }));
    expect(readFileSync(await (await download).path(), 'utf8')).toBe('The claim');

    await press(button(page, 'Have it rated…'));
    await press(button(page, 'Invoke'));
    await takePictures(page, 'invoked user actions');
    expect(await accessibilityFindings(page)).toEqual([]);
    await press(invoked.filter({ hasText: 'Have it rated' }).getByRole('link', { name: 'Open' }));
    await page.getByRole('heading', { name: 'Rate the damage' }).waitFor();
  });
});

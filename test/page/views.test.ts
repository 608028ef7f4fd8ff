import type { Locator } from 'playwright-core';
import { beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { PlatformConnection } from '../../src/platform/temporal/connection.ts';
import { accessibilityFindings, describeInChromium, elementsBeyondWindow, useBrowser } from '../support/browser.ts';
import { useConsole } from '../support/console.ts';
import { takePictures } from '../support/pictures.ts';

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 360, height: 740 };

const ADA = {
  firstName: 'Ada',
  lastName: 'Lovelace',
  email: 'ada@example.com',
  currency: 'EUR',
  amount: 25_000,
  purpose: 'Two machines for the workshop.\nThe old ones are from 2009.',
};

describeInChromium('every view of the console', () => {
  const browser = useBrowser();
  const app = useConsole(browser);
  const ids = { process: '', application: '', approval: '', claimed: '', message: '', thread: '', request: 0 };

  beforeAll(async () => {
    ids.process = await app.startProcess({ firstName: 'Ada', lastName: 'Lovelace' });
    const user = app.user();
    const worker = app.application();
    const registration = {
      identity: 'loan-worker@example',
      taskQueue: 'LOAN_QUEUE',
      workflowTypes: ['LoanWorkflow'],
      activityTypes: ['checkCredit'],
      hostname: 'example',
      ip: '127.0.0.1',
    };
    await worker.call('createWorker', { body: registration });
    ids.application = await app.addTask(ids.process, 'LOAN_APPLICATION');
    await user.claimProcessItemTask(ids.application);
    await user.updateProcessItemTaskData(ids.application, ADA);
    await user.completeProcessItemTask(ids.application);
    const check = await app.addTask(ids.process, 'CHECK_CREDIT');
    await worker.claimProcessItemTask(check);
    await worker.updateProcessItemTaskData(check, { score: 640, decision: 'REVIEW' });
    await worker.completeProcessItemTask(check);
    ids.claimed = await app.addTask(
      await app.startProcess({ firstName: 'Mary', lastName: 'Somerville' }),
      'LOAN_APPLICATION',
    );
    await user.claimProcessItemTask(ids.claimed);
    await user.updateProcessItemTaskData(ids.claimed, {
      ...ADA,
      firstName: 'Mary',
      lastName: 'Somerville',
      email: 'mary@example.com',
    });
    const item = async (processId: string, more: object): Promise<string> => {
      const { id } = await worker.createProcessItem({ processId, ...more } as Parameters<
        typeof worker.createProcessItem
      >[0]);
      return id;
    };
    ids.thread = await item(ids.process, { type: 'THREAD', processItemDefinitionCode: 'LOAN_DISCUSSION' });
    ids.approval = await app.addTask(ids.process, 'APPROVE_LOAN');
    await worker.appendProcessItemTaskLog(ids.approval, { level: 'WARN', message: 'The score is just high enough' });
    await user.createProcessItem({
      type: 'MESSAGE',
      processId: ids.process,
      processItemThreadId: ids.thread,
      message: { text: 'Which machines?' },
    });
    const other = await app.startProcess({ firstName: 'Grace', lastName: 'Hopper' });
    ids.message = await item(other, {
      type: 'MESSAGE',
      processItemDefinitionCode: 'LOAN_RESULT',
      message: { text: 'You withdrew your application' },
    });
    await user.cancelProcess(other);
    const { requests } = (await app.dev('GET', '/requests?limit=500')) as {
      requests: readonly { id: number; operationId?: string }[];
    };
    ids.request = requests.find(({ operationId }) => operationId === 'updateProcessItemTaskData')?.id ?? 0;
  });

  beforeEach(() => {
    app.platform().platform.faults.add({
      operationId: 'createProcessItem',
      times: 3,
      action: { kind: 'status', status: 503, retryAfter: 1 },
    });
  });

  /** The path of each view, and texts of real data that it shows. */
  const VIEWS: readonly (readonly [string, () => string, readonly (string | RegExp)[]])[] = [
    [
      'Home',
      () => '/',
      [
        'No worker is running',
        'LOAN_QUEUE',
        'loan-worker@example',
        '1 activity type',
        'Temporal server',
        'KUFLOW_API_ENDPOINT',
      ],
    ],
    ['the processes', () => '/processes', ['Ada · Lovelace', 'Grace · Hopper', 'running', 'canceled']],
    ['the start of a process', () => `/processes/start/LOAN?like=${ids.process}`, ['Start Loan', 'First name']],
    [
      'a process',
      () => `/processes/${ids.process}`,
      ['Ada · Lovelace', 'Loan application', 'Check credit', 'Task claimed', 'Which machines?'],
    ],
    ['the tasks', () => '/tasks', ['Approve loan', 'ready', /Loan: Ada · Lovelace/]],
    [
      'an open task',
      () => `/tasks/${ids.approval}`,
      ['A person approves or rejects the loan', 'The score is just high enough', 'Approved'],
    ],
    ['a claimed task', () => `/tasks/${ids.claimed}`, ['by you', 'Save draft']],
    ['a completed task', () => `/tasks/${ids.application}`, ['completed', 'Purpose']],
    ['a message', () => `/tasks/${ids.message}`, ['You withdrew your application']],
    ['a thread', () => `/tasks/${ids.thread}`, ['Which machines?']],
    ['the latest task', () => '/tasks/latest', ['A person approves or rejects the loan']],
    ['the requests', () => '/requests', ['createProcessItem', /PUT \/process-items\/…/]],
    ['a request', () => `/requests/${ids.request}`, ['25000', 'curl -X PUT']],
    ['the faults', () => '/faults', ['Answer with 503', 'used 0 of 3 times']],
    ['a path that does not exist', () => '/nowhere', ['Page not found']],
  ];

  it.each(VIEWS)('shows its data, is accessible and fits on a phone: %s', async (name, path, texts) => {
    const page = await app.open(path());
    const main = page.getByRole('main');
    for (const text of texts) await main.getByText(text).filter({ visible: true }).first().waitFor();
    expect(await page.title()).toMatch(/. · Local KuFlow$/);
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    await takePictures(page, name);
    for (const [colorScheme, size] of [
      ['light', WIDE],
      ['dark', NARROW],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(size);
      expect(await accessibilityFindings(page), colorScheme).toEqual([]);
    }
    expect(await elementsBeyondWindow(page)).toEqual([]);
  });

  it('shows that a worker polls, as soon as it does', async () => {
    const page = await app.open('/');
    await page.getByText('No worker is running').waitFor();
    const { endpoints, identity } = app.platform().platform;
    const connection = await PlatformConnection.connect({ address: endpoints.temporal });
    onTestFinished(() => connection.close());
    const stopped = new AbortController();
    const pollOnce = (): Promise<unknown> =>
      connection.workflowService.pollWorkflowTaskQueue({
        namespace: identity.namespace,
        taskQueue: { name: 'LOAN_QUEUE' },
        identity: 'loan-worker@example',
      });
    const poll = async (): Promise<void> => {
      while (!stopped.signal.aborted)
        await connection.withAbortSignal(stopped.signal, () => connection.withDeadline(Date.now() + 60_000, pollOnce));
    };
    const polled = poll().catch((error: unknown) => {
      if (!stopped.signal.aborted) throw error;
    });
    await page.getByText('No worker is running').waitFor({ state: 'detached' });
    await page.getByRole('listitem').filter({ hasText: 'loan-worker@example' }).getByText('online').waitFor();
    await takePictures(page, 'Home, with a worker');
    stopped.abort();
    await polled;
  });

  it('follows links, and goes back', async () => {
    const page = await app.open('/processes');
    await page.getByRole('link', { name: /Ada · Lovelace/ }).click();
    await page.getByRole('link', { name: 'Start like this one' }).click();
    expect(await page.getByLabel('First name').inputValue()).toBe('Ada');
    await page.goBack();
    await page.getByRole('heading', { name: 'Timeline' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Processes' }).waitFor();
    // The address of the server leads to the console.
    await page.goto(app.origin());
    expect(page.url()).toBe(`${app.origin()}/console/`);
  });

  it('filters processes and tasks, and signals and cancels a process', async () => {
    const id = await app.startProcess({ firstName: 'Temporary' });
    const page = await app.open('/processes');
    await page.getByLabel('State').selectOption('RUNNING');
    await page.getByRole('link', { name: /Temporary/ }).waitFor();
    await page.getByRole('link', { name: /Grace/ }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: /Temporary/ }).click();
    const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
    const focused = (element: Locator): Promise<void> => element.and(page.locator(':focus')).waitFor();
    await button('Send signal…').press('Enter');
    await page.getByLabel('Signal', { exact: true }).fill('changeAmount');
    await page.getByLabel('Input as JSON').fill('{ "amount": ');
    await button('Send').press('Enter');
    await page.getByText('The input is not valid JSON').waitFor();
    await focused(button('Send'));
    await page.getByLabel('Input as JSON').fill('{ "amount": 5 }');
    // The button is disabled for at least one frame.
    await page.route(/\/signals$/, async (route) => {
      await page.locator('button:disabled').first().waitFor();
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      await route.continue();
    });
    await button('Send').press('Enter');
    await page.getByRole('listitem').filter({ hasText: 'Signal sent' }).getByText('changeAmount').waitFor();
    await focused(button('Send'));
    await page.getByRole('form', { name: 'Send a signal' }).getByText('Commands').click();
    await page.getByText(`process signal ${id.slice(-6)} changeAmount --input '{ "amount": 5 }'`).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await button('Close').press('Enter');
    await focused(button('Send signal…'));
    await button('Cancel process…').press('Enter');
    await focused(button('Keep it running'));
    await page.keyboard.press('Enter');
    await focused(button('Cancel process…'));
    await page.keyboard.press('Enter');
    await button('Cancel the process').press('Enter');
    await page.locator('.subtitle').getByText('canceled').waitFor();
    await focused(page.getByRole('heading', { level: 1 }));
    expect((await app.user().retrieveProcess(id)).state).toBe('CANCELLED');
  });

  it('shows the secrets of the environment only when asked', async () => {
    const { secret } = app.platform().platform.identity.application;
    const page = await app.open('/');
    await page.getByText('KUFLOW_API_CLIENTSECRET').waitFor();
    expect(await page.content()).not.toContain(secret.reveal());
    await page.getByRole('button', { name: 'Show secrets' }).click();
    await page.getByText(secret.reveal()).waitFor();
  });
});

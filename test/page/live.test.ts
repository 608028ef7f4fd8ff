import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { sampleDefinition } from '../../src/process/sample.ts';
import { startAnsweringServer } from '../support/answering-server.ts';
import { accessibilityFindings, describeInChromium, elementsBeyondWindow, useBrowser } from '../support/browser.ts';
import { useConsole } from '../support/console.ts';
import { takePictures } from '../support/pictures.ts';
import { startTcpRelay } from '../support/tcp-relay.ts';

/** More events than the platform remembers. */
const TOO_MANY_EVENTS = 600;
const CONNECTION_LOST = /net::ERR_/;

describeInChromium('live updates of the console', () => {
  const browser = useBrowser();
  const app = useConsole(browser);
  const stateOf = (page: Page, state: string): Promise<void> =>
    page.locator('.subtitle').getByText(state, { exact: true }).waitFor();
  const connection = (page: Page, state: string): Promise<void> =>
    page.getByRole('status', { name: 'Connection' }).getByText(state).waitFor();

  it('say in every tab how far the clock is ahead, and which processes did not follow', async () => {
    const context = await browser.newContext(app.origin());
    const [home, tasks] = [await app.openTab(context), await app.openTab(context, '/tasks')];
    await home.getByLabel('Time to skip').selectOption('3 d');
    await home.getByRole('button', { name: 'Skip', exact: true }).click();
    await home.getByText('Skipped 3 d, 0 events').waitFor();
    await tasks.getByRole('status', { name: 'Clock' }).getByText('3 d ahead').waitFor();

    const id = await app.startProcess();
    const process = await app.openTab(context, `/processes/${id}`);
    await process
      .getByText(/just now|\d+ s ago/)
      .first()
      .waitFor();
    await home.getByRole('button', { name: 'Skip to the next deadline' }).click();
    await home.getByText(/^(?=.*no worker is polling LOAN_QUEUE)/).waitFor();
  });

  it('reach ten tabs, and go on in the others when one of them closes', async () => {
    const processId = await app.startProcess();
    const id = await app.addTask(processId, 'APPROVE_LOAN');
    const context = await browser.newContext(app.origin());
    const tabs: Page[] = [];
    for (let tab = 0; tab < 10; tab++) tabs.push(await app.openTab(context, `/tasks/${id}`));
    await Promise.all(tabs.map((tab) => connection(tab, 'Live')));
    await app.user().claimProcessItemTask(id);
    await Promise.all(tabs.map((tab) => stateOf(tab, 'claimed')));

    // The first tab has the stream.
    const [first, ...others] = tabs;
    await first?.close();
    await app.user().updateProcessItemTaskData(id, { approved: true });
    await app.user().completeProcessItemTask(id);
    await Promise.all(others.map((tab) => stateOf(tab, 'completed')));
  });

  it('have the right data after a tab slept through more events than are kept', async () => {
    const id = await app.addTask(await app.startProcess(), 'APPROVE_LOAN');
    const relay = await startTcpRelay(Number(new URL(app.origin()).port));
    onTestFinished(() => relay.goDown());
    const address = (await app.address(`/tasks/${id}`)).replace(app.origin(), `http://127.0.0.1:${relay.port}`);
    const page = await browser.open(address, { expectedErrors: [CONNECTION_LOST] });
    await connection(page, 'Live');
    const comments = page.getByLabel('Comments');
    await comments.fill('Let me think');
    await relay.goDown();
    await connection(page, 'Stopped');
    await app.user().claimProcessItemTask(id);
    for (let events = 0; events < TOO_MANY_EVENTS; events += 50)
      await Promise.all(Array.from({ length: 50 }, () => app.user().call('findPrincipals', {})));
    await relay.comeUp();
    await connection(page, 'Live');
    await stateOf(page, 'claimed');
    expect(await comments.inputValue()).toBe('Let me think');
  });

  it('say that the platform has stopped, and go on after it restarted, with the text that was typed', async () => {
    const id = await app.addTask(await app.startProcess(), 'APPROVE_LOAN');
    const page = await app.open(`/tasks/${id}`, { expectedErrors: [CONNECTION_LOST] });
    await connection(page, 'Live');
    const comments = page.getByLabel('Comments');
    await comments.fill('Before');
    await app.stop();
    await page.getByRole('alert').getByText('The local KuFlow has stopped').waitFor();
    await comments.pressSequentially(' and during the restart');
    await page.getByRole('button', { name: 'Claim and complete' }).click();
    await app.start();
    await connection(page, 'Live');
    expect(await page.getByText('The local KuFlow has stopped').count()).toBe(0);
    expect(await comments.inputValue()).toBe('Before and during the restart');

    await app.user().claimProcessItemTask(id);
    await stateOf(page, 'claimed');
    await page.getByRole('radio', { name: 'Yes' }).check();
    await page.getByRole('button', { name: 'Complete', exact: true }).click();
    await stateOf(page, 'completed');
    expect((await app.user().retrieveProcessItem(id)).task?.data?.value).toEqual({
      approved: true,
      comments: 'Before and during the restart',
    });
  });

  it('show the effect of a fault, how often it was used, and that it is off', async () => {
    const id = await app.addTask(await app.startProcess(), 'APPROVE_LOAN');
    const faults = await app.open('/faults');
    await faults.getByLabel('Operation').selectOption('claimProcessItemTask');
    await faults.getByLabel('Number of calls').fill('3');
    await faults.getByLabel('Status').fill('503');
    await faults.getByRole('button', { name: 'Turn on' }).click();
    await faults.getByText('used 0 of 3 times').waitFor();

    const claim = async (): Promise<number> => {
      const path = `/process-items/${id}/task/~actions/claim`;
      const token = app.platform().platform.identity.user.token.reveal();
      return (await fetch(`${app.origin()}${path}`, { method: 'POST', headers: { authorization: `Bearer ${token}` } }))
        .status;
    };
    expect(await claim()).toBe(503);
    await faults.getByText('used 1 of 3 times').waitFor();
    // The page itself is not affected: it must still show what happens.
    const task = await app.open(`/tasks/${id}`);
    await stateOf(task, 'ready');
    const requests = await app.open('/requests');
    const failed = requests.getByRole('listitem').filter({ hasText: 'claimProcessItemTask' });
    expect(await failed.first().innerText()).toContain('503');

    await faults.getByRole('button', { name: /^Turn off/ }).click();
    await faults.getByText('No faults are on').waitFor();
    expect(app.platform().platform.faults.list()).toEqual([]);
    expect(await claim()).toBe(200);
    await stateOf(task, 'claimed');
  });

  it('mark a definition that becomes confidential, and the processes that start afterward', async () => {
    const { platform } = app.platform();
    const home = await app.open('/');
    await connection(home, 'Live');
    const sample = sampleDefinition();
    onTestFinished(() => platform.setDefinitions([sample]));
    const before = await app.open(`/processes/${await app.startProcess()}`);
    await stateOf(before, 'running');
    platform.setDefinitions([{ ...sample, process: { ...sample.process, confidential: true } }]);
    await home.getByText('confidential', { exact: true }).waitFor();
    const process = await app.open(`/processes/${await app.startProcess()}`);
    await stateOf(process, 'confidential');
    expect(await before.getByText('confidential', { exact: true }).count()).toBe(0);
  });

  it('list the requests of others as they arrive, and one of them as curl', async () => {
    const page = await app.open('/requests');
    await page.getByLabel('Operation').waitFor();
    await app.user().updateProcessMetadata(await app.startProcess(), { firstName: 'Grace' });
    await page.getByRole('link', { name: /updateProcessMetadata/ }).click();
    await page.getByRole('region', { name: 'Body of the request' }).getByText('Grace').waitFor();
    const curl = await page.getByLabel('curl command', { exact: true }).innerText();
    expect(curl).toContain('curl -X PUT');
    expect(curl).not.toContain(app.platform().platform.identity.user.token.reveal());
    expect(await page.content()).not.toContain(app.platform().platform.identity.user.token.reveal());
  });

  it('show what became of the events for a webhook, and send one again, with the keyboard', async () => {
    const answers = [503, 200];
    const receiver = await startAnsweringServer((_request, response) => {
      response.writeHead(answers.shift() ?? 200, { 'content-type': 'application/json' }).end('{"by":"the receiver"}');
    });
    onTestFinished(() => receiver.close());
    const { platform } = app.platform();
    const definition = { process: { code: 'HOOKED' }, webhook: { url: receiver.url }, tasks: [] };
    platform.setDefinitions([sampleDefinition(), definition]);
    onTestFinished(() => platform.setDefinitions([sampleDefinition()]));

    const page = await app.open('/');
    await page.getByRole('navigation').getByRole('link', { name: 'Webhooks' }).press('Enter');
    await page.getByText('Events of processes whose definition has a webhook appear here.').waitFor();
    const id = await app.startProcess(undefined, 'HOOKED');
    const created = page.getByRole('link', { name: /PROCESS.CREATED/ });
    await page.getByRole('listitem').filter({ hasText: 'PROCESS.STATE_CHANGED' }).getByText('delivered').waitFor();
    expect(await created.innerText()).toContain(`process …${id.slice(-6)} · ${receiver.url} · 200, 2 attempts`);
    const looksRight = async (name: string): Promise<void> => {
      await takePictures(page, name);
      for (const [colorScheme, size] of [
        ['light', { width: 1280, height: 900 }],
        ['dark', { width: 360, height: 740 }],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(size);
        expect(await accessibilityFindings(page), `${name}, ${colorScheme}`).toEqual([]);
      }
      expect(await elementsBeyondWindow(page)).toEqual([]);
    };
    await looksRight('the webhooks');

    await created.press('Enter');
    await page.getByRole('region', { name: 'Body of the event' }).getByText(id).waitFor();
    await page.getByRole('region', { name: 'Body of the response' }).getByText('the receiver').waitFor();
    answers.push(500);
    await page.getByRole('button', { name: 'Send again' }).press('Enter');
    await page.getByText(/Status 200 after \d+ ms, 4 attempts/).waitFor();
    expect(receiver.requests).toHaveLength(5);
    await looksRight('a webhook event');
    await page.getByRole('link', { name: `process …${id.slice(-6)}` }).press('Enter');
    await page.getByRole('link', { name: 'Webhook events' }).press('Enter');
    await page.getByText('Events of').waitFor();
    expect(await page.getByRole('button', { name: 'Send signal…' }).count()).toBe(0);
  });
});

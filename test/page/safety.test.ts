import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.ts';
import { describeInChromium, REBOUND_HOST, useBrowser } from '../support/browser.ts';
import { useConsole } from '../support/console.ts';

describeInChromium('the page and other pages', () => {
  const browser = useBrowser();
  const app = useConsole(browser);
  let other: AnsweringServer;

  // A page of another port of this machine, such as Temporal's UI or the documentation.
  beforeAll(async () => {
    other = await startAnsweringServer((request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      const target = `${app.origin()}/console/processes`;
      response.end(
        `<!doctype html><html lang="en"><title>Other</title>${
          request.url === '/frame' ? `<iframe src="${target}"></iframe>` : `<a href="${target}">Processes</a>`
        }`,
      );
    });
  });
  afterAll(() => other.close());

  it('without a token makes no request, and names the command', async () => {
    const page = await app.open('/processes', { as: null });
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    await page.reload();
    await page.getByText('npx kuflow dev open').waitFor();
    expect(requests.filter((path) => !path.startsWith('/console/'))).toEqual([]);
  });

  it('with a wrong token reports it', async () => {
    const page = await browser.open(`${app.origin()}/console/tasks#token=wrong`, { expectedErrors: [/401/] });
    await page.getByRole('heading', { name: 'The token of this tab is not valid' }).waitFor();
    await page.getByText('npx kuflow dev open').waitFor();
  });

  it('keeps the token out of the address, the history, cookies and other tabs', async () => {
    const token = app.platform().platform.identity.user.token.reveal();
    const page = await app.open('/processes');
    await page.getByRole('heading', { name: 'Processes' }).waitFor();
    expect(page.url()).toBe(`${app.origin()}/console/processes`);
    await page.goto(`${app.origin()}/console/tasks`);
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Processes' }).waitFor();
    expect(page.url()).not.toContain(token);
    expect(await page.context().cookies()).toEqual([]);
    const tab = await page.context().newPage();
    await tab.goto(`${app.origin()}/console/`);
    await tab.getByRole('heading', { name: 'Open this page with its token' }).waitFor();
  });

  it('signs in once with the code of kuflow dev open', async () => {
    const { code } = (await app.dev('POST', '/open-codes')) as { code: string };
    const address = `${app.origin()}/console/tasks#code=${code}`;
    const page = await browser.open(address);
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    expect(page.url()).toBe(`${app.origin()}/console/tasks`);
    const again = await browser.open(address, { expectedErrors: [/404/] });
    await again.getByText('npx kuflow dev open').waitFor();
    expect(await again.getByRole('heading', { name: 'Tasks' }).count()).toBe(0);
  });

  it('opens from a link of another page, also on localhost', async () => {
    for (const from of [other.url, other.url.replace('127.0.0.1', 'localhost')]) {
      const page = await browser.open(from, { otherOrigins: [app.origin()] });
      await page.getByRole('link', { name: 'Processes' }).click();
      await page.getByRole('heading', { name: 'Open this page with its token' }).waitFor();
      expect(page.url()).toBe(`${app.origin()}/console/processes`);
    }
  });

  it('is refused under a name of the internet that leads to this machine', async () => {
    const address = app.origin().replace('127.0.0.1', REBOUND_HOST);
    const page = await browser.open(`${address}/console/`, { expectedErrors: [/421/] });
    expect(await page.content()).toContain('does not accept this Host');
    expect(await page.evaluate<number>("fetch('/_dev/status').then((answer) => answer.status)")).toBe(421);
  });

  it('can be neither framed nor read by another page', async () => {
    const expectedErrors = [/Refused to|ERR_BLOCKED|ERR_FAILED|CORS|403|frame|CSP/];
    const page = await browser.open(`${other.url}/frame`, { otherOrigins: [app.origin()], expectedErrors });
    for (const frame of page.frames().slice(1)) expect(await frame.getByRole('heading').count()).toBe(0);
    for (const path of ['/console/', '/_dev/status', '/processes', '/health']) {
      const outcome = await page.evaluate<string>(
        `fetch('${app.origin()}${path}', { mode: 'no-cors' }).then((answer) => answer.type + ' ' + answer.status, String)`,
      );
      expect(outcome, path).toMatch(/^opaque 0$|TypeError/);
    }
    // The platform refused them: a page cannot read an opaque answer, but the platform's own log has the status.
    const { requests } = (await app.dev('GET', '/requests?limit=100')) as {
      requests: readonly { path: string; status: number }[];
    };
    for (const path of ['/console/processes', '/console/', '/_dev/status', '/processes', '/health'])
      expect(requests.find((request) => request.path === path)?.status, path).toBe(403);
  });
});

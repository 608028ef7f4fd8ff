import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { PlatformConnection } from '../../src/platform/temporal/connection.ts';
import { startTemporal, type TemporalServer } from '../../src/platform/temporal/server.ts';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.ts';
import { describeInChromium, REBOUND_HOST, useBrowser } from '../support/browser.ts';
import { useConsole } from '../support/console.ts';
import { supervisorEntry } from '../support/supervisor-entry.ts';
import { temporalPath } from '../support/temporal-path.ts';

/** A Temporal server without a private network, as on systems that do not have them. */
async function startTemporalOnLoopback(): Promise<TemporalServer> {
  const stateDir = await mkdtemp(join(tmpdir(), 'kuflow-temporal-'));
  const server = await startTemporal({
    ...{ path: await temporalPath(), stateDir, namespace: 'loans', network: { kind: 'loopback' } },
    supervisorEntry: await supervisorEntry(),
  });
  onTestFinished(async () => {
    await server.stop();
    await rm(stateDir, { recursive: true });
  });
  return server;
}

/** Every TCP port that the process listens on. */
async function listeningPorts(pid: number): Promise<readonly number[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(descriptors.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  return lines
    .filter((columns) => columns[3] === '0A' && targets.includes(`socket:[${columns[9] ?? ''}]`))
    .map((columns) => parseInt(columns[1]?.split(':')[1] ?? '', 16));
}

describeInChromium('the console and other pages', () => {
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
    await tab.getByRole('heading', { name: 'Open the console with its token' }).waitFor();
  });

  it('signs in once with the file of kuflow dev open, which then is gone', async () => {
    const { file } = (await app.dev('POST', '/open-codes?path=tasks')) as { file: string };
    const path = join(app.platform().stateDir, 'open', file);
    const address = /url=([^"]+)/.exec(await readFile(path, 'utf8'))?.[1] ?? '';
    const origin = 'file://';
    const page = await (await browser.newContext(origin, { otherOrigins: ['null', app.origin()] })).newPage();
    const referrers = new Set<string>();
    page.on('request', (request) => referrers.add(request.headers()['referer'] ?? ''));
    await page.goto(pathToFileURL(path).href);
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    expect(page.url()).toBe(`${app.origin()}/console/tasks`);
    expect([...referrers]).toEqual(['']);
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
    const again = await browser.open(address, { expectedErrors: [/404/] });
    await again.getByText('npx kuflow dev open').waitFor();
    expect(await again.getByRole('heading', { name: 'Tasks' }).count()).toBe(0);
  });

  it('opens from a link of another page, also on localhost', async () => {
    for (const from of [other.url, other.url.replace('127.0.0.1', 'localhost')]) {
      const page = await browser.open(from, { otherOrigins: [app.origin()] });
      await page.getByRole('link', { name: 'Processes' }).click();
      await page.getByRole('heading', { name: 'Open the console with its token' }).waitFor();
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

  it.skipIf(process.platform !== 'linux')(
    'can change nothing on the ports of a Temporal server, which other pages find by trying all of them',
    async () => {
      const server = await startTemporalOnLoopback();
      const ports = await listeningPorts(server.pid);
      expect(ports.length).toBeGreaterThan(1);
      const origins = ports.map((port) => `http://127.0.0.1:${port}`);
      const page = await browser.open(other.url, { otherOrigins: origins, expectedErrors: [/./] });
      const bodies = {
        '/api/v1/namespaces': { namespace: 'planted', workflowExecutionRetentionPeriod: '86400s' },
        '/api/v1/namespaces/loans/workflows/planted': {
          workflowType: { name: 'LoanWorkflow' },
          taskQueue: { name: 'LOAN_QUEUE' },
        },
      };
      const outcomes = await page.evaluate<string[]>(`Promise.all(
      ${JSON.stringify(origins)}.flatMap((origin) =>
        Object.entries(${JSON.stringify(bodies)}).map(([path, body]) =>
          fetch(origin + path, { method: 'POST', mode: 'no-cors', body: JSON.stringify(body) }).then(({ type }) => type, String),
        ),
      ),
    )`);
      // The requests have arrived: one of the ports is that of the HTTP API.
      expect(outcomes).toContain('opaque');

      const connection = await PlatformConnection.connect({ address: server.address });
      onTestFinished(() => connection.close());
      const { namespaces } = await connection.workflowService.listNamespaces({});
      expect(namespaces.map(({ namespaceInfo }) => namespaceInfo?.name)).not.toContain('planted');
      const execution = { workflowId: 'planted' };
      await expect(
        connection.workflowService.describeWorkflowExecution({ namespace: 'loans', execution }),
      ).rejects.toMatchObject({ details: expect.stringContaining('not found') as string });
    },
  );
});

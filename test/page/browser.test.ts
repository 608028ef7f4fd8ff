import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.ts';
import { accessibilityFindings, describeInChromium, elementsBeyondWindow, useBrowser } from '../support/browser.ts';

const PAGES: Readonly<Record<string, string>> = {
  '/script.js': "console.error('a console error'); throw new Error('an uncaught error')",
  '/problems': '<script src="/script.js"></script><script>inline()</script><img src="http://127.0.0.2:9/image.png">',
  '/unreadable': '<html lang="en"><title>t</title><main><input></main></html>',
  '/wide': '<html lang="en"><title>t</title><main><pre id="wide">' + 'x'.repeat(2000) + '</pre></main></html>',
};

describeInChromium('the checks of every page in a test', () => {
  const browser = useBrowser();
  let server: AnsweringServer;

  beforeAll(async () => {
    server = await startAnsweringServer(({ url: path }, response) => {
      response.setHeader('content-type', path.endsWith('.js') ? 'text/javascript' : 'text/html');
      response.setHeader('content-security-policy', "default-src 'self'");
      response.end(PAGES[path]);
    });
  });
  afterAll(() => server.close());

  it('report uncaught errors, console errors and violations of the Content-Security-Policy', async () => {
    await browser.open(`${server.url}/problems`, { expectedErrors: [/Refused to|violates/] });
    const problems = browser.takeProblems().join('\n');
    expect(problems).toContain('a console error');
    expect(problems).toContain('an uncaught error');
    expect(problems).toContain('CSP script-src-elem inline');
    expect(problems).toContain('CSP img-src');
    expect(browser.takeProblems()).toEqual([]);
  });

  it('report requests to other origins', async () => {
    const page = await browser.open(`${server.url}/wide`, {
      expectedErrors: [/Refused to|violates|CSP|Failed to load/],
    });
    await page.goto(`${server.url.replace('127.0.0.1', 'localhost')}/wide`);
    expect(browser.takeProblems()).toEqual([`request to another origin: ${page.url()}`]);
  });

  it('find a form field without a label', async () => {
    const page = await browser.open(`${server.url}/unreadable`);
    expect(await accessibilityFindings(page)).toEqual([expect.stringContaining('label: <input>')]);
  });

  it('find what is wider than the window', async () => {
    const page = await browser.open(`${server.url}/wide`, { width: 360 });
    expect((await elementsBeyondWindow(page)).join('\n')).toContain('<pre id="wide">');
  });
});

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { findChromium } from '../../scripts/test-programs.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Every rule of WCAG 2.2, levels A and AA, that a program can check. */
const ACCESSIBILITY_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/**
 * Features of Chromium that tests do not need. The option replaces the one of Playwright, so its features come first. The last three load two
 * pages for the address bar of each context, which costs a third of the processor time of a test.
 */
const DISABLED_FEATURES = [
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades'],
  ...[
    'HttpsFirstBalancedModeAutoEnable',
    'LensOverlay',
    'MediaRouter',
    'PaintHolding',
    'ThirdPartyStoragePartitioning',
  ],
  ...['AvoidCorsURLLoaderRestartOnRedirect', 'TcpPortRandomizationWin', 'OptimizationHints'],
  ...['NetworkTimeServiceQuerying', 'AimEnabled', 'PreconnectToSearch'],
  ...['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup'],
];

/** A name of the internet that leads to this machine, as after an attack with DNS rebinding. */
export const REBOUND_HOST = 'rebound.test';

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Console errors that this test causes, such as a failed request. All others fail the test. */
  readonly expectedErrors?: readonly RegExp[];
  /** Other origins that this page may send requests to. */
  readonly otherOrigins?: readonly string[];
}

export interface TestBrowser {
  /** A separate browser profile, as another person has. It lasts until the end of the test. */
  newContext(origin: string, options?: PageOptions): Promise<BrowserContext>;
  /** A page in a separate context. */
  open(url: string, options?: PageOptions): Promise<Page>;
  /** The problems so far, which then no longer fail the test. */
  takeProblems(): readonly string[];
}

/** Why tests that need Chromium are skipped; undefined if they run. In CI they always run, and fail without a browser. */
function missingChromium(): string | undefined {
  if (process.env['CI'] === 'true' || findChromium() !== undefined) return undefined;
  return 'there is no Chromium or Chrome on this machine; install one, or set KUFLOW_CHROMIUM to its path';
}

/** Tests that need Chromium. If they are skipped, the title says why. */
export function describeInChromium(title: string, tests: () => void): void {
  const missing = missingChromium();
  describe.skipIf(missing !== undefined)(missing === undefined ? title : `${title} (skipped: ${missing})`, tests);
}

/**
 * One browser for the tests of a file. A test fails if one of its pages threw an error, wrote an error to the console, violated its
 * Content-Security-Policy, or sent a request to another origin.
 */
export function useBrowser(): TestBrowser {
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    const executablePath = findChromium();
    if (executablePath === undefined) throw new Error('There is no Chromium: set KUFLOW_CHROMIUM to its path');
    browser = await chromium.launch({
      executablePath,
      args: [
        `--host-resolver-rules=MAP ${REBOUND_HOST} 127.0.0.1`,
        `--disable-features=${DISABLED_FEATURES.join(',')}`,
        // Emulating a GPU needs more processor time than drawing without one.
        '--disable-gpu',
        // Chromium refuses to run its sandbox as root.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
    });
  });
  const takeProblems = (): readonly string[] => problems.splice(0);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await keepPictures(task.name, contexts);
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(takeProblems()).toEqual([]);
  });
  afterAll(() => browser.close());

  const newContext = async (origin: string, options: PageOptions = {}): Promise<BrowserContext> => {
    const { width = 1280, height = 900, colorScheme = 'light', expectedErrors = [], otherOrigins = [] } = options;
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme,
      locale: 'en-US',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
    });
    contexts.push(context);
    context.setDefaultTimeout(60_000);
    await context.addInitScript(
      "addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.effectiveDirective, e.blockedURI, e.sample))",
    );
    context.on('console', (message) => {
      if (message.type() !== 'error') return;
      const text = `${message.text()} (${message.location().url})`;
      if (!expectedErrors.some((expected) => expected.test(text))) problems.push(text);
    });
    context.on('weberror', (error) => problems.push(String(error.error().stack ?? error.error())));
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (['data:', 'blob:'].includes(url.protocol) || [origin, ...otherOrigins].includes(url.origin)) return;
      problems.push(`request to another origin: ${request.url()}`);
    });
    return context;
  };
  return {
    takeProblems,
    newContext,
    open: async (url, options) => {
      const context = await newContext(new URL(url).origin, options);
      const page = await context.newPage();
      await page.goto(url);
      return page;
    },
  };
}

/** Saves a screenshot of each open page of a failed test in .test-output/page. */
async function keepPictures(test: string, contexts: readonly BrowserContext[]): Promise<void> {
  const pages = contexts.flatMap((context) => context.pages());
  for (const [index, page] of pages.entries()) {
    const name = `${test.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 80)}-${index + 1}.png`;
    await page.screenshot({ path: join(ROOT, '.test-output', 'page', name), timeout: 5_000 }).catch(() => undefined);
  }
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** The violations that axe reports: rule, element and advice. */
export async function accessibilityFindings(page: Page): Promise<readonly string[]> {
  // Evaluated code is not subject to the page's Content-Security-Policy.
  await page.evaluate(`if (globalThis.axe === undefined) { ${AXE} }`);
  const { violations } = await page.evaluate<AxeResult>(
    `axe.run(document, { runOnly: ${JSON.stringify(ACCESSIBILITY_TAGS)}, resultTypes: ['violations'] })`,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

/** If the page is wider than its window: the elements that stick out. */
export async function elementsBeyondWindow(page: Page): Promise<readonly string[]> {
  return await page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll('body *')]
      .filter((element) => {
        const { left, right } = element.getBoundingClientRect();
        const visible = getComputedStyle(element).overflowX === 'visible';
        return Math.max(right, visible ? left + element.scrollWidth : 0) > clientWidth;
      })
      .map((element) => element.outerHTML.slice(0, 120))
      .concat('The page is ' + scrollWidth + ' px wide');
  })()`);
}

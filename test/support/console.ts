import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Json, JsonObject } from '../../src/base/json.ts';
import { createKuFlowClient, type KuFlowClient } from '../../src/kuflow/client.ts';
import type { LocalPeople } from '../../src/platform/shared/dev-contract.ts';
import type { PlatformOptions } from '../../src/platform/shared/types.ts';
import type { PageOptions, TestBrowser } from './browser.ts';
import { startTestPlatform, type TestPlatform } from './platform.ts';

/** The page of a platform, without a worker: tests create the tasks, as a worker does. */
export interface TestConsole {
  /** `http://127.0.0.1:<port>`. */
  origin(): string;
  platform(): TestPlatform;
  /** Acts as the default user, without the console. */
  user(): KuFlowClient;
  /** Acts as a worker. */
  application(): KuFlowClient;
  /** The address of a view, with the token of a user: of the default user, of the one with this email, or without a token. */
  address(path?: string, as?: string | null): Promise<string>;
  /** Opens a view in a separate context. */
  open(path?: string, options?: PageOptions & { readonly as?: string | null }): Promise<Page>;
  /** Opens a view in another tab of the context. */
  openTab(context: BrowserContext, path?: string): Promise<Page>;
  /** Starts a process without a workflow that anything executes, and returns its id. */
  startProcess(metadata?: JsonObject, code?: string): Promise<string>;
  /** Creates a task, as a worker does, and returns its id. */
  addTask(processId: string, code: string, contextData?: JsonObject): Promise<string>;
  /** Calls `/_dev/…` as the default user. */
  dev(method: string, path: string, body?: Json): Promise<unknown>;
  stop(): Promise<void>;
  /** Starts the platform again with the same state and ports. */
  start(): Promise<void>;
}

/** A platform and its page for the tests of a file. Call once at the top of it. */
export function useConsole(browser: TestBrowser, options: Partial<PlatformOptions> = {}): TestConsole {
  let current: TestPlatform;
  let application: KuFlowClient;
  let user: KuFlowClient;

  const connect = (): void => {
    const { identity, loopback } = current.platform;
    const { id: clientId, secret: clientSecret } = identity.application;
    const tenantId = identity.tenantId;
    application = createKuFlowClient({
      endpoint: loopback.http,
      credentials: { clientId, clientSecret },
      tenantId,
    });
    user = createKuFlowClient({ endpoint: loopback.http, credentials: { token: identity.user.token }, tenantId });
  };
  const disconnect = async (): Promise<void> => {
    await Promise.all([application.close(), user.close()]);
  };
  beforeAll(async () => {
    current = await startTestPlatform({ ...options, ephemeral: false });
    connect();
  });
  afterEach(() => current.platform.faults.clear());
  afterAll(async () => {
    await disconnect();
    await current.remove();
  });

  const origin = (): string => current.platform.loopback.http;
  const dev = async (method: string, path: string, body?: Json): Promise<unknown> => {
    const answer = await fetch(`${origin()}/_dev${path}`, {
      method,
      headers: { authorization: `Bearer ${current.platform.identity.user.token.reveal()}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : await answer.json();
  };
  const tokenOf = async (email: string | undefined): Promise<string> => {
    if (email === undefined) return current.platform.identity.user.token.reveal();
    const { users } = (await dev('GET', '/users')) as LocalPeople;
    const found = users.find((one) => one.email === email);
    if (found === undefined) throw new Error(`There is no user ${email}`);
    return found.token;
  };
  const address = async (path = '/', as?: string | null): Promise<string> =>
    `${origin()}/console${path}${as === null ? '' : `#token=${await tokenOf(as)}`}`;

  return {
    origin,
    platform: () => current,
    user: () => user,
    application: () => application,
    address,
    open: async (path, { as, ...pageOptions } = {}) => await browser.open(await address(path, as), pageOptions),
    openTab: async (context, path) => {
      const page = await context.newPage();
      await page.goto(await address(path));
      return page;
    },
    startProcess: async (metadata, code = 'LOAN') => {
      const { id } = await user.createProcess({
        processDefinitionCode: code,
        tenantId: current.platform.identity.tenantId,
        ...(metadata === undefined ? {} : { metadata: { value: metadata } }),
      });
      return id;
    },
    addTask: async (processId, code, contextData) => {
      const { id } = await application.createProcessItem({
        type: 'TASK',
        processId,
        processItemDefinitionCode: code,
        ...(contextData === undefined ? {} : { task: { contextData: { value: contextData } } }),
      });
      return id;
    },
    dev,
    stop: async () => {
      await disconnect();
      await current.platform.stop();
    },
    start: async () => {
      const { endpoints, loopback } = current.platform;
      const exact = (url: string): { kind: 'exact'; port: number } => ({
        kind: 'exact',
        port: Number(new URL(url).port),
      });
      const ports = {
        http: exact(loopback.http),
        https: exact(loopback.https),
        engine: exact(`http://${endpoints.engine}`),
      };
      current = await startTestPlatform({ ...options, stateDir: current.stateDir, ports });
      connect();
    },
  };
}

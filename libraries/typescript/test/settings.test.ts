import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppSettings, KuFlowClient, runWorker } from '../src/index.ts';
import { loadSettings, SettingsError } from '../src/internal/settings.ts';

const ID = '11111111-2222-4333-8444-555555555555';
const credentials = { KUFLOW_API_CLIENTID: ID, KUFLOW_API_CLIENTSECRET: 'the-secret' };

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'settings-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function write(file: string, content: object): void {
  // JSON is valid YAML.
  writeFileSync(join(directory, file), JSON.stringify(content));
}

function problemsOf(environment: Record<string, string>, readApp?: (app: AppSettings) => unknown) {
  try {
    loadSettings(directory, environment, readApp);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe('settings', () => {
  it('are complete once the queue and the credentials are set', () => {
    write('application.yaml', { temporal: { 'kuflow-queue': 'A' } });
    const { temporal, api } = loadSettings(directory, {
      ...credentials,
      KUFLOW_API_ENDPOINT: 'https://kuflow.example/',
    });
    expect(temporal.queue).toBe('A');
    expect(api.endpoint).toBe('https://kuflow.example/v2024-06-14');
  });

  it('from the environment override application-local.yaml, which overrides application.yaml', () => {
    write('application.yaml', { temporal: { 'kuflow-queue': 'A', target: 'a:1', namespace: 'a' } });
    write('application-local.yaml', { temporal: { target: 'b:2', namespace: 'b' } });
    const { temporal } = loadSettings(directory, { ...credentials, TEMPORAL_NAMESPACE: 'c' });
    expect(temporal).toMatchObject({ queue: 'A', target: 'b:2', namespace: 'c' });
  });

  it('report all problems at once', () => {
    write('application.yaml', { kuflow: { api: { 'client-id': 'FILL_ME', 'tenant-id': 'not-a-uuid' } }, worker: { 'health-port': 'x' } });
    const keys = problemsOf({}).map(({ key }) => key);
    expect(keys).toEqual(
      expect.arrayContaining([
        'kuflow.api.client-id',
        'kuflow.api.client-secret',
        'kuflow.api.tenant-id',
        'temporal.kuflow-queue',
        'worker.health-port',
      ]),
    );
  });

  it('never combine an id from the environment with a secret from a file', () => {
    write('application-local.yaml', { kuflow: { api: { 'client-id': ID, 'client-secret': 'x' } } });
    const problems = problemsOf({ KUFLOW_API_CLIENTID: ID, TEMPORAL_KUFLOWQUEUE: 'A' });
    expect(problems.map(({ key }) => key)).toEqual(['kuflow.api.client-secret']);
  });

  it('do not show the secret', () => {
    const settings = loadSettings(directory, { ...credentials, TEMPORAL_KUFLOWQUEUE: 'A' });
    expect(`${inspect(settings, { depth: 9 })} ${JSON.stringify(settings)}`).not.toContain('the-secret');
    expect(settings.api.clientSecret.reveal()).toBe('the-secret');
  });
});

describe('the settings of a project, below app', () => {
  const readApp = (app: AppSettings) => ({
    crm: new URL(app.text('crm.url')),
    key: app.secret('crm.api-key'),
    pageSize: app.number('page-size', 50),
    isStrict: app.boolean('strict', false),
  });

  it('have types and defaults, and the environment overrides them', () => {
    const crm = { url: 'https://crm.example.com', 'api-key': '007' };
    write('application.yaml', { app: { crm, 'page-size': 10 }, temporal: { 'kuflow-queue': 'A' } });
    const environment = { ...credentials, APP_CRM_APIKEY: 'the-key', APP_STRICT: 'true' };
    const { app } = loadSettings(directory, environment, readApp);
    expect(app).toEqual({ crm: new URL(crm.url), key: expect.anything(), pageSize: 10, isStrict: true });
    expect((app as ReturnType<typeof readApp>).key.reveal()).toBe('the-key');
    expect(inspect(app, { depth: 9 })).not.toContain('the-key');
  });

  it('have their types in what a project passes to runWorker', () => {
    // Checked by tsc, and never called.
    const main = { name: '', main: '', workflows: {}, settings: readApp };
    const calls = (run: typeof runWorker) => [
      run({
        ...main,
        openResources: async ({ crm, key }) => ({ address: crm.href + key.reveal() }),
        closeResources: ({ address }) => address.trim(),
        createActivities: ({ kuflow, settings, resources }) => ({
          find: async () => [kuflow.applicationId, settings.pageSize.toFixed(), resources.address.trim()],
        }),
      }),
      run({ ...main, createActivities: ({ kuflow }: { readonly kuflow: KuFlowClient }) => ({ kuflow }) }),
      // @ts-expect-error misspelled
      run({ ...main, openResources: ({ pagesize }) => pagesize }),
      // @ts-expect-error misspelled
      run({ ...main, openResources: () => ({ a: 1 }), createActivities: ({ resources }) => ({ b: resources.b }) }),
    ];
    expect(calls).toBeTypeOf('function');
  });

  it('have their problems reported together with those of all settings', () => {
    write('application.yaml', { app: { 'page-size': 'ten', crm: { 'api-key': 'FILL_ME' } } });
    const readAll = (app: AppSettings) => [app.number('page-size'), app.secret('crm.api-key'), readApp(app)];
    const problems = problemsOf(credentials, readAll);
    expect(problems.map(({ key, expected }) => `${key}: ${expected}`)).toEqual([
      'temporal.kuflow-queue: the task queue of the process definition',
      'app.page-size: a number',
      'app.crm.api-key: a value instead of FILL_ME',
      'app.crm.url: a value',
    ]);
  });
});

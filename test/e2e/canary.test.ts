import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKuFlowClient } from '../../src/kuflow/client.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { sendJson, startAnsweringServer } from '../support/answering-server.ts';
import { kuflowDev, platformReady, startCommand, type RunningCommand } from '../support/dev-command.ts';
import { userOf } from '../support/loan-process.ts';
import { newMark } from '../support/marked-processes.ts';
import { packedCommand, type CommandEnd } from '../support/packed-command.ts';
import { temporalPath } from '../support/temporal-path.ts';
import { treeOf } from '../support/tree.ts';

const DEFINITION = `
process: { code: LOAN }
workflow: { type: LoanWorkflow, task-queue: LOAN_QUEUE }
tasks: [{ code: APPLY, kind: human }, { code: SCORE, kind: system }, { code: NOTE, kind: message }]
`;
const QUEUE = ['--task-queue', 'LOAN_QUEUE', '--workflow-type', 'LoanWorkflow'];
const CANARY = 'canaryvalue';
const INSTANCES = 4;

let folder: string;
let stateDir: string;
let dev: RunningCommand;
let state: PlatformState;
let connection: NodeJS.ProcessEnv;
/** Ids of process instances. They must not leak either. */
const ids: string[] = [];
/** All output of discovery and create. */
const outputs: string[] = [];

/** Personal data in values and in map keys. Plain field names are not personal. */
function personal(index: number): Readonly<Record<string, Json>> {
  const address = `${CANARY}.${index}@example.org`;
  const uuid = `7fce21c0-0000-4000-8000-00000000000${index}`;
  return {
    firstName: `${CANARY} Ada ${index}`,
    amount: 90_210_777_001 + index,
    paid: index % 2 === 0,
    born: `1901-01-0${index + 1}`,
    tags: [`${CANARY}-tag-${index}`],
    shares: { [address]: { part: 90_210_777_101 + index }, [`other-${address}`]: { part: 90_210_777_201 } },
    byId: { [uuid]: `${CANARY} of ${uuid}`, [`8${uuid.slice(1)}`]: CANARY },
    byNumber: { [`90210777${index}1`]: { text: CANARY }, [`90210777${index}2`]: { text: CANARY } },
    nested: [{ inner: { phone: `+34 777 40 1${index}`, note: CANARY } }],
  };
}

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** Matches every text that could identify an instance. */
function forbidden(): RegExp {
  const texts = [CANARY, '90210777', '777 40', '1901-01', '[78]fce21c0', ...ids];
  return new RegExp(texts.join('|'), 'i');
}

/** The client secret and the user's token, plain and in the encodings in which they are sent. */
function secrets(): readonly string[] {
  const { id, secret } = state.application;
  const forms = [secret.reveal(), state.user.token.reveal(), `${id}:${secret.reveal()}`];
  return [...forms, ...forms.map((text) => Buffer.from(text).toString('base64').replace(/=+$/, ''))];
}

async function packed(
  bin: 'create-kuflow-worker' | 'kuflow',
  args: readonly string[],
  env: NodeJS.ProcessEnv = connection,
): Promise<CommandEnd> {
  const ended = await packedCommand(bin, args, {
    cwd: folder,
    // Caches, logs and temporary files go below the folder that the last test searches.
    env: { HOME: join(folder, 'home'), XDG_CACHE_HOME: join(folder, 'cache'), TMPDIR: join(folder, 'tmp'), ...env },
  });
  outputs.push(`${[bin, ...args].join(' ')}\n${ended.out}\n${ended.err}`);
  return ended;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-canary-'));
  for (const name of ['home', 'tmp']) mkdirSync(join(folder, name));
  stateDir = join(folder, 'state');
  writeFileSync(join(folder, 'definition.yaml'), DEFINITION);
  const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
  dev = startCommand(
    kuflowDev(
      '--definition',
      'definition.yaml',
      '--state-dir',
      stateDir,
      '--temporal-path',
      await temporalPath(),
      '--requests',
      ...ports,
    ),
    { cwd: folder, mark: newMark() },
  );
  state = await platformReady(dev, stateDir);
  const { id, secret } = state.application;
  connection = {
    KUFLOW_API_ENDPOINT: state.loopback.http,
    KUFLOW_API_CLIENTID: id,
    KUFLOW_API_CLIENTSECRET: secret.reveal(),
  };
  const user = userOf(state);
  const worker = createKuFlowClient({
    endpoint: state.loopback.http,
    credentials: { clientId: id, clientSecret: secret },
  });
  for (let index = 0; index < INSTANCES; index++) {
    const { id: processId } = await user.createProcess({ processDefinitionCode: 'LOAN', tenantId: state.tenantId });
    await user.updateProcessMetadata(processId, personal(index));
    const entity = { value: personal(index) };
    await user.call('updateProcessEntity', { path: { id: processId }, body: { entity } });
    const apply = await worker.createProcessItem({ type: 'TASK', processId, processItemDefinitionCode: 'APPLY' });
    await user.claimProcessItemTask(apply.id);
    await user.updateProcessItemTaskData(apply.id, personal(index));
    await worker.appendProcessItemTaskLog(apply.id, { level: 'INFO', message: `${CANARY} in a log` });
    await user.completeProcessItemTask(apply.id);
    const score = await worker.createProcessItem({ type: 'TASK', processId, processItemDefinitionCode: 'SCORE' });
    await worker.claimProcessItemTask(score.id);
    await worker.updateProcessItemTaskData(score.id, personal(index));
    const note = await worker.createProcessItem({
      type: 'MESSAGE',
      processId,
      processItemDefinitionCode: 'NOTE',
      message: { text: `${CANARY} in a message` },
    });
    ids.push(processId, apply.id, score.id, note.id);
  }
  // The canary values exist on the platform, so a leak could be found.
  expect(JSON.stringify(await worker.retrieveProcess(ids[0] ?? ''))).toContain(`${CANARY} Ada 0`);
  await user.close();
  await worker.close();
});

afterAll(async () => {
  dev.kill('SIGTERM');
  await dev.ended;
  rmSync(folder, { recursive: true, force: true });
});

describe('instance values and secrets', () => {
  it('are read by discovery, which keeps only keys and types', async () => {
    for (const more of [[], ['--json'], ['--debug'], ['--json', '--debug']]) {
      expect(await packed('kuflow', ['definitions', 'list', ...more])).toMatchObject({ status: 0 });
      expect(await packed('kuflow', ['definitions', 'show', 'LOAN', ...more])).toMatchObject({ status: 0 });
      expect(await packed('kuflow', ['definitions', 'show', 'LOAN', '--sample', '25', ...more])).toMatchObject({
        status: 0,
      });
    }
    const { out } = await packed('kuflow', ['definitions', 'show', 'LOAN', '--sample', '25', '--json']);
    const shown = JSON.parse(out) as {
      readonly evidence: { readonly read: number };
      readonly definition: { readonly tasks: readonly { readonly code: string; readonly data: unknown }[] };
    };
    expect(shown.evidence.read).toBeGreaterThanOrEqual(INSTANCES);
    const apply = shown.definition.tasks.find(({ code }) => code === 'APPLY');
    expect(apply?.data).toMatchObject({
      schema: {
        properties: {
          firstName: { type: 'string' },
          shares: { additionalProperties: { properties: { part: { type: 'integer' } } } },
          byId: { additionalProperties: { type: 'string' } },
          byNumber: { additionalProperties: { properties: { text: { type: 'string' } } } },
        },
      },
    });
  });

  it('are used by create, from flags and from environment variables', async () => {
    writeFileSync(join(folder, 'secret'), `${state.application.secret.reveal()}\n`, { mode: 0o600 });
    const args = ['--process', 'LOAN', '--sample', '25', ...QUEUE, '--no-install', '--yes', '--debug'];
    const flags = [
      ...['--endpoint', state.endpoints.https, '--ca', state.caFile, '--target', state.endpoints.engine],
      ...['--client-id', state.application.id, '--client-secret-file', 'secret'],
    ];
    const byFlags = await packed('create-kuflow-worker', ['by-flags', ...args, ...flags], {});
    expect(byFlags.status, byFlags.err).toBe(0);
    expect(byFlags.err).toMatch(/^✔ Engine namespace/m);
    const byEnvironment = await packed('create-kuflow-worker', ['by-environment', ...args, '--no-check', '--json']);
    expect(byEnvironment.status, byEnvironment.err).toBe(0);
    expect(readFileSync(join(folder, 'by-flags', 'kuflow.process.yaml'), 'utf8')).toContain('firstName');
  });

  it('are part of rejected and malformed responses, which make the command fail', async () => {
    const refused = await packed('kuflow', ['definitions', 'show', 'LOAN', '--sample', '9', '--debug'], {
      ...connection,
      KUFLOW_API_CLIENTID: '00000000-0000-4000-8000-000000000000',
    });
    expect(refused.status).toBe(1);
    const value = JSON.stringify({
      content: [{ id: 5, metadata: { value: personal(1) } }],
      page: { [CANARY]: CANARY },
    });
    for (const body of [value, value.slice(0, -9), `<html><body>${CANARY}</body></html>`]) {
      const server = await startAnsweringServer((_request, response) => {
        if (body === value) sendJson(response, 200, JSON.parse(body));
        else
          response
            .writeHead(200, { 'content-type': body.startsWith('<') ? 'text/html' : 'application/json' })
            .end(body);
      });
      const broken = await packed('kuflow', ['definitions', 'show', 'LOAN', '--sample', '9', '--debug'], {
        ...connection,
        KUFLOW_API_ENDPOINT: server.url,
      });
      await server.close();
      expect(broken.status, broken.err).not.toBe(0);
      expect(broken.err).toContain(server.url);
    }
  });

  it('do not appear in any output, log or file, except where they are requested', async () => {
    expect(outputs.length).toBeGreaterThanOrEqual(19);
    for (const output of outputs) {
      expect(forbidden().exec(output)?.[0], output).toBeUndefined();
      for (const secret of secrets()) expect(output.includes(secret), output.split('\n')[0]).toBe(false);
    }
    // The platform's log names requests, but contains no form data and no credentials.
    expect(dev.output()).toContain('retrieveProcessItem');
    expect(dev.output()).not.toContain(CANARY);
    for (const secret of secrets()) expect(dev.output().includes(secret)).toBe(false);

    const files = treeOf(folder, ['state']);
    expect(files.size).toBeGreaterThan(50);
    const holding = (pattern: (text: string) => boolean): string[] =>
      [...files].filter(([path, text]) => pattern(text) || pattern(path)).map(([path]) => path);
    expect(holding((text) => forbidden().test(text))).toEqual([]);
    expect(holding((text) => secrets().some((secret) => text.includes(secret)))).toEqual([
      join('by-flags', 'application-local.yaml'),
      'secret',
    ]);

    // The platform's state does contain them, so the search above could have found them.
    expect([...treeOf(stateDir, []).values()].some((text) => text.includes(CANARY))).toBe(true);
    const asked = await packedCommand('kuflow', ['dev', 'env', '--state-dir', stateDir], { cwd: folder });
    expect(asked.out).toContain(state.application.secret.reveal());
  });
});

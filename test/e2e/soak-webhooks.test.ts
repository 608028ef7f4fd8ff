import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import type { KuFlowClient } from '../../src/kuflow/client.ts';
import type {
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookDeliveryList,
} from '../../src/platform/shared/dev-contract.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.ts';
import {
  freePorts,
  kuflowDev,
  platformReady,
  quietPorts,
  startCommand,
  type RunningCommand,
} from '../support/dev-command.ts';
import { missingJdk } from '../support/jdk.ts';
import { runKuflow } from '../support/kuflow-run.ts';
import { applicationOf, processCompletes, taskOf, userOf } from '../support/loan-process.ts';
import { newMark } from '../support/marked-processes.ts';
import { until } from '../support/until.ts';

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const DOWN_SECONDS = SOAK ? 120 : 0;

const mark = newMark();
let folder: string;
let options: readonly string[];
let platform: RunningCommand;
let state: PlatformState;
let user: KuFlowClient;
let application: KuFlowClient;
const ports: Record<string, number> = {};
const receivers: RunningCommand[] = [];

const start = async (): Promise<void> => {
  platform = startCommand(kuflowDev(...options), { cwd: folder, mark });
  state = await platformReady(platform, join(folder, 'state'));
  user = userOf(state);
  application = applicationOf(state);
};
const closeClients = async (): Promise<void> => {
  await Promise.all([user.close(), application.close()]);
};

const definition = (code: string, tasks: readonly string[]): string =>
  [
    `process: { code: ${code} }`,
    `webhook: { url: 'http://127.0.0.1:${ports[code]}/webhooks' }`,
    'tasks:',
    ...tasks.map((task) => `  - { code: ${task}, kind: human }`),
  ].join('\n');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-webhooks-'));
  options = ['--state-dir', join(folder, 'state'), ...(await quietPorts())];
  const first = Number(options.at(-1)) + 1;
  const found = await until('free ports', async () => await freePorts([0, 1, 2, 3, 4].map((more) => first + more)));
  for (const [index, code] of ['TYPESCRIPT', 'PYTHON', 'JAVA', 'LOAN', 'DOWN'].entries())
    ports[code] = found[index] ?? 0;
  const files = ['TYPESCRIPT', 'PYTHON', 'JAVA'].map((code) => [code, ['APPLICATION']] as const);
  const loan = ['LOAN_APPLICATION', 'APPROVE_LOAN', 'NOTIFICATION_GRANTED', 'NOTIFICATION_REJECTION'];
  mkdirSync(join(folder, 'processes'));
  writeFileSync(join(folder, 'kuflow.process.yaml'), definition('DOWN', ['REVIEW']));
  for (const [code, tasks] of [...files, ['LOAN', loan] as const])
    writeFileSync(join(folder, 'processes', `${code.toLowerCase()}.process.yaml`), definition(code, tasks));
  await start();
});

afterAll(async () => {
  for (const command of [...receivers, platform]) {
    command.kill('SIGTERM');
    await command.ended;
  }
  await closeClients();
  const left = mark.killLeft();
  rmSync(folder, { recursive: true, force: true });
  expect(left).toEqual([]);
});

const json = (...args: readonly string[]): unknown => {
  const { status, stdout, stderr } = runKuflow(['dev', ...args, '--state-dir', join(folder, 'state'), '--json'], {
    cwd: folder,
    env: mark.env,
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return JSON.parse(stdout) as unknown;
};

const startProcess = async (code: string): Promise<string> => {
  const { id } = await user.createProcess({ processDefinitionCode: code, tenantId: state.tenantId });
  return id;
};
const completeTask = async (processId: string, code: string, value: object = {}): Promise<void> => {
  const { id } = await taskOf(user, processId, code);
  await user.claimProcessItemTask(id);
  await user.updateProcessItemTaskData(id, value as Parameters<typeof user.updateProcessItemTaskData>[1]);
  await user.completeProcessItemTask(id);
};

describe('programs that receive webhooks', () => {
  it('complete their processes, whether they are from the documentation or like the REST sample of KuFlow', async () => {
    const hasJava = missingJdk() === undefined;
    const env = json('env', ...(hasJava ? ['--for', 'java'] : [])) as Record<string, string>;
    const page = readFileSync(join(ROOT, 'docs', 'how-to', 'receive-webhooks.md'), 'utf8');
    const save = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return name;
    };
    const snippet = (language: string): string =>
      new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(page)?.[1] ?? '';
    const typescript = save('receiver.mjs', transformSync(snippet('ts'), { loader: 'ts' }).code);
    const commands: readonly (readonly [string, readonly [string, ...string[]]])[] = [
      ['TYPESCRIPT', [process.execPath, typescript]],
      ['PYTHON', ['python3', save('receiver.py', snippet('python'))]],
      ...(hasJava ? [['JAVA', ['java', save('Receiver.java', snippet('java'))]] as const] : []),
      ['LOAN', [process.execPath, join(ROOT, 'test', 'support', 'rest-loan.mjs')]],
    ];
    for (const [code, command] of commands)
      receivers.push(startCommand(command, { cwd: folder, mark, env: { ...env, PORT: String(ports[code]) } }));

    const ids = new Map<string, string>();
    for (const [code] of commands.slice(0, -1)) ids.set(code, await startProcess(code));
    const [small, large] = [await startProcess('LOAN'), await startProcess('LOAN')];
    for (const id of ids.values()) await completeTask(id, 'APPLICATION');
    await completeTask(small, 'LOAN_APPLICATION', { AMOUNT: '5000' });
    await completeTask(large, 'LOAN_APPLICATION', { AMOUNT: '5001' });
    await completeTask(large, 'APPROVE_LOAN', { APPROVAL: 'NO' });
    for (const id of [...ids.values(), small, large]) await processCompletes(user, id);
    const codesOf = async (processId: string): Promise<(string | undefined)[]> => {
      const { content } = await user.findProcessItems({ processId: [processId] });
      return content.map((item) => `${item.processItemDefinitionRef?.code} ${item.task?.state}`).toSorted();
    };
    for (const id of ids.values()) expect(await codesOf(id)).toEqual(['APPLICATION COMPLETED']);
    expect(await codesOf(small)).toEqual(['LOAN_APPLICATION COMPLETED', 'NOTIFICATION_GRANTED CLAIMED']);
    expect(await codesOf(large)).toEqual([
      'APPROVE_LOAN COMPLETED',
      'LOAN_APPLICATION COMPLETED',
      'NOTIFICATION_REJECTION CLAIMED',
    ]);
  });
});

describe(`a receiver that is down ${SOAK ? 'for two minutes' : 'at first'}, answers 500 and dies in the middle`, () => {
  it(
    'accepts each event once and in order, although the local KuFlow is killed',
    async () => {
      const answers: ((response: ServerResponse) => void)[] = [];
      const accepted: WebhookBody[] = [];
      const received: WebhookBody[] = [];
      const listen = async (): Promise<AnsweringServer> =>
        await startAnsweringServer(
          ({ body }, response) => {
            const event = JSON.parse(body.toString()) as WebhookBody;
            received.push(event);
            const answer = answers.shift();
            if (answer !== undefined) answer(response);
            else {
              accepted.push(event);
              response.end('thanks');
            }
          },
          undefined,
          ports['DOWN'],
        );
      const list = async (): Promise<readonly WebhookDelivery[]> => {
        const url = `${state.loopback.http}/_dev/webhooks?limit=200`;
        const answer = await fetch(url, { headers: { authorization: `Bearer ${state.user.token.reveal()}` } });
        return ((await answer.json()) as WebhookDeliveryList).deliveries;
      };
      const killAndStart = async (): Promise<void> => {
        platform.kill('SIGKILL');
        await platform.ended;
        await closeClients();
        await start();
      };

      const processIds = [await startProcess('DOWN'), await startProcess('DOWN')];
      const downUntil = Date.now() + DOWN_SECONDS * 1000;
      for (const processId of processIds)
        await application.createProcessItem({ type: 'TASK', processId, processItemDefinitionCode: 'REVIEW' });
      await until('connections were refused', async () => {
        const tried = (await list()).filter(({ latest }) => latest?.problem?.includes('ECONNREFUSED') === true);
        return tried.length === processIds.length && Date.now() >= downUntil;
      });
      await killAndStart();
      for (const processId of processIds) await completeTask(processId, 'REVIEW');

      for (let times = 0; times < 4; times++) answers.push((response) => response.writeHead(500).end('not now'));
      for (let times = 0; times < 100; times++)
        answers.push((response) => {
          response.writeHead(500, { 'content-length': 1000 });
          response.write('The answer beg', () => response.destroy());
        });
      const failing = await listen();
      await until('both kinds of answers were sent', () => received.length > 8);
      expect(accepted).toEqual([]);
      await killAndStart();
      await until('it is tried again', () => received.length > 12);
      await failing.close();
      answers.length = 0;
      const working = await listen();
      onTestFinished(() => working.close());
      for (const processId of processIds) await application.completeProcess(processId);
      const names = [
        ...['PROCESS.CREATED RUNNING', 'PROCESS.STATE_CHANGED RUNNING', 'PROCESS_ITEM.CREATED READY'],
        ...['PROCESS_ITEM.TASK_STATE_CHANGED CLAIMED', 'PROCESS_ITEM.TASK_STATE_CHANGED COMPLETED'],
        'PROCESS.STATE_CHANGED COMPLETED',
      ];
      await until('all events were accepted', () => accepted.length >= names.length * processIds.length);
      for (const id of processIds) {
        const events = accepted.filter(({ data }) => data.processId === id);
        expect(events.map(({ type, data }) => `${type} ${data.processItemState ?? data.processState}`)).toEqual(names);
      }
      const ids = accepted.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      // Only the first event of each process was sent before.
      expect(new Set(received.slice(0, received.length - accepted.length).map(({ type }) => type))).toEqual(
        new Set(['PROCESS.CREATED']),
      );

      const deliveries = await until('the last answers are saved', async () => {
        const all = (await list()).filter(({ processId }) => processIds.includes(processId));
        return all.every((delivery) => delivery.state === 'DELIVERED') && all;
      });
      const [last] = deliveries;
      const ofFirst = deliveries.filter(({ processId }) => processId === processIds[0]);
      expect(json('webhooks', 'list', '--process', processIds[0] ?? '', '--limit', '1')).toEqual({
        deliveries: ofFirst.slice(0, 1),
      });
      const detail = json('webhooks', 'show', last?.id.slice(-12) ?? '') as WebhookDeliveryDetail;
      expect([detail.answer?.text, JSON.parse(detail.body.text ?? '')]).toMatchObject([
        'thanks',
        { id: last?.id, type: 'PROCESS.STATE_CHANGED' },
      ]);
      expect(json('webhooks', 'replay', last?.id ?? '')).toMatchObject({ id: last?.id, state: 'PENDING' });
      await until('the event arrives again', () => accepted.length > ids.length);
      expect(accepted.at(-1)?.id).toBe(last?.id);
    },
    SOAK ? 900_000 : 300_000,
  );
});

interface WebhookBody {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly processId: string; readonly processState?: string; readonly processItemState?: string };
}

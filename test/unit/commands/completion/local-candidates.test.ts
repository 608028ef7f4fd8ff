import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { startAnsweringServer, type Answerer, type AnsweringServer } from '../../../support/answering-server.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { leaveRunningState } from '../../../support/running-state.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { LOAN } from '../../platform/domain/world.ts';
import { createRest, createTask, startLoan, type Rest } from '../../platform/rest/server.ts';
import { until } from '../../../support/until.ts';

const folder = temporaryFolders();
const closed: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closed.splice(0)) await close();
});

/** What `__complete` prints for fish, which gets descriptions: one line per candidate. */
async function complete(cwd: string, ...words: readonly string[]): Promise<readonly string[]> {
  const { status, stdout, stderr } = await runKuflow(cwd, ['__complete', 'fish', '--', 'kuflow', ...words]);
  expect({ status, err: stderr }).toEqual({ status: 0, err: '' });
  const [first, ...lines] = stdout.trimEnd().split('\n');
  expect(first?.trimEnd()).toMatch(/^words/);
  return lines.map((line) => line.trimEnd());
}

/** A folder for which a local KuFlow runs that serves the definition at this address. */
async function runningFolder(
  definition: typeof LOAN,
  how: Parameters<typeof leaveRunningState>[2],
  stateDir = '.kuflow/dev',
): Promise<string> {
  const cwd = folder();
  mkdirSync(join(cwd, stateDir), { recursive: true });
  const state = await leaveRunningState(join(cwd, stateDir), definition, how);
  closed.push(() => state.close());
  return cwd;
}

describe('completion of codes and IDs of the running local KuFlow', () => {
  let rest: Rest;
  let http: string;
  const processes: string[] = [];
  const tasks: string[] = [];

  beforeAll(async () => {
    rest = createRest();
    http = await rest.app.listen({ host: '127.0.0.1', port: 0 });
    for (const code of ['APPLICATION', 'SCORE', 'APPLICATION']) {
      const process = await startLoan(rest);
      processes.push(process);
      tasks.push(await createTask(rest, process, { processItemDefinitionCode: code }));
    }
    const canceled = await rest.call('POST', `/processes/${processes[2]}/~actions/cancel`);
    expect(canceled.statusCode, canceled.body).toBe(200);
  });

  afterAll(async () => {
    await rest.stop();
  });

  const here = (stateDir?: string): Promise<string> =>
    runningFolder(LOAN, { http, token: rest.world.identity.user.token }, stateDir);
  const line = (id = '', code: string, state: string): unknown =>
    expect.stringMatching(new RegExp(`^${id}\t${code}, ${state}, \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$`));

  it('offers all processes to show and to filter by, the newest first, and those that run to cancel', async () => {
    const cwd = await here();
    const [first, second, third] = processes;
    const all = [
      line('latest', 'LOAN', 'canceled'),
      line(third, 'LOAN', 'canceled'),
      line(second, 'LOAN', 'running'),
      line(first, 'LOAN', 'running'),
    ];
    expect(await complete(cwd, 'process', 'show', '')).toEqual(all);
    expect(await complete(cwd, 'task', 'list', '--process', '')).toEqual(all);
    // `latest` is the newest process, which has ended.
    expect(await complete(cwd, 'process', 'cancel', '')).toEqual([
      line(second, 'LOAN', 'running'),
      line(first, 'LOAN', 'running'),
    ]);
  });

  it('offers all tasks to show and the open ones to work on; latest is the newest open one', async () => {
    const cwd = await here('other state');
    const [first, second, third] = tasks;
    const at = ['--state-dir', 'other state', ''];
    const open = [line(second, 'SCORE', 'ready'), line(first, 'APPLICATION', 'ready')];
    expect(await complete(cwd, 'task', 'show', ...at)).toEqual([
      line('latest', 'SCORE', 'ready'),
      line(third, 'APPLICATION', 'canceled'),
      ...open,
    ]);
    for (const command of ['claim', 'complete'])
      expect(await complete(cwd, 'task', command, ...at)).toEqual([line('latest', 'SCORE', 'ready'), ...open]);
    expect(await complete(cwd, 'task', 'show', '')).toEqual([]);
  });

  it('offers its users', async () => {
    const { email, name } = rest.world.identity.user;
    expect(await complete(await here(), 'task', 'complete', '--as', '')).toContain(`${email}\t${name}`);
  });

  it('offers codes of served processes and their tasks, with names from the project', async () => {
    const cwd = await here();
    expect(await complete(cwd, 'process', 'start', '')).toEqual(['LOAN']);
    // No file has the definition, so these are the codes of the newest tasks.
    expect(await complete(cwd, 'task', 'list', '')).toEqual(['APPLICATION', 'SCORE']);
    writeFileSync(
      join(cwd, 'kuflow.process.yaml'),
      'process: { code: LOAN, name: A loan }\ntasks: [{ code: SCORE, name: Score }, { code: DECIDE, kind: human }, { code: NOTE, kind: message }]\n',
    );
    writeFileSync(join(cwd, 'leave.process.yaml'), 'process: { code: LEAVE }\ntasks: [{ code: ASK }]\n');
    expect(await complete(cwd, 'process', 'start', '')).toEqual(['LOAN\tA loan']);
    expect(await complete(cwd, 'process', 'list', '')).toEqual(['LOAN\tA loan']);
    expect(await complete(cwd, 'task', 'list', '')).toEqual(['APPLICATION', 'SCORE\tScore', 'DECIDE']);
  });
});

describe('completion without an answer of a local KuFlow', () => {
  async function answeringFolder(
    answer: Answerer,
  ): Promise<{ readonly cwd: string; readonly server: AnsweringServer }> {
    const server = await startAnsweringServer(answer);
    closed.push(() => server.close());
    return { server, cwd: await runningFolder(sampleDefinition(), { http: server.url }) };
  }

  it('offers the codes of the project and no IDs if none runs', async () => {
    const cwd = folder();
    writeFileSync(
      join(cwd, 'kuflow.process.yaml'),
      'process: { code: LOAN }\ntasks: [{ code: SCORE }, { code: TALK, kind: thread }]\n',
    );
    expect(await complete(cwd, 'process', 'start', '')).toEqual(['LOAN']);
    expect(await complete(cwd, 'task', 'list', '')).toEqual(['SCORE']);
    expect(await complete(cwd, 'process', 'show', '')).toEqual([]);
    mkdirSync(join(cwd, '.kuflow', 'dev'), { recursive: true });
    writeFileSync(join(cwd, '.kuflow', 'dev', 'platform.json'), '{');
    expect(await complete(cwd, 'task', 'complete', '')).toEqual([]);
  });

  it('gives up after a second if it hangs, and aborts its request', async () => {
    let isAborted = false;
    const { cwd } = await answeringFolder((_request, response) => response.on('close', () => (isAborted = true)));
    expect(await complete(cwd, 'process', 'show', '')).toEqual([]);
    await until('the request is aborted', () => isAborted);
  });

  it('offers the users that it lists, or the one of its state', async () => {
    const users = [{ email: 'ada@local', name: 'Ada\u001b[2J' }, { email: '--yes' }, { email: 'bob@local' }, 4];
    const { cwd, server } = await answeringFolder((_request, response, index) => {
      if (index === 1) response.statusCode = 404;
      response.end(JSON.stringify({ users }));
    });
    expect(await complete(cwd, 'process', 'start', '--as', '')).toEqual(['ada@local\tAda\\u{1b}[2J', 'bob@local']);
    expect(await complete(cwd, 'task', 'assign', 'latest', '')).toEqual(['user@local\tLocal user']);
    expect(server.requests.map(({ url }) => url)).toEqual(['/_dev/users', '/_dev/users']);
  });

  it('still offers the tasks of the sample process if it answers nonsense', async () => {
    const answers = ['no JSON', '[]', '{"content":[1,{"id":2},{"id":"x"}]}', 'x'.repeat(5 * 1024 * 1024)];
    const codes = sampleDefinition()
      .tasks.filter(({ kind }) => kind === 'human' || kind === 'system')
      .map(({ code, name }) => `${code}\t${name}`);
    expect(codes.length).toBeGreaterThan(1);
    const { cwd, server } = await answeringFolder((_request, response, index) => response.end(answers[index]));
    for (const answer of answers) expect(await complete(cwd, 'task', 'list', ''), answer.slice(0, 40)).toEqual(codes);
    expect(await complete(cwd, 'process', 'start', '')).toEqual(['LOAN\tLoan']);
    expect(server.requests.map(({ headers }) => headers['x-kuflow-console'])).toEqual(answers.map(() => '1'));
  });

  it('offers 50 IDs at most, and neither hidden characters nor options', async () => {
    const ref = { code: 'A\u001b[2J\tB\nC' };
    const content = [
      { id: '--yes', state: 'RUNNING', processDefinitionRef: ref },
      { id: 'esc\u001b[2J', state: 'RUNNING', processDefinitionRef: ref },
      ...Array.from({ length: 100 }, (_, at) => ({ id: `id-${at}`, state: 'RUNNING', processDefinitionRef: ref })),
    ];
    const { cwd } = await answeringFolder((_request, response) => response.end(JSON.stringify({ content })));
    const lines = await complete(cwd, 'process', 'show', '');
    expect(lines.map((line) => line.split('\t')[0])).toEqual([
      'latest',
      ...Array.from({ length: 50 }, (_, at) => `id-${at}`),
    ]);
    expect(lines[1]).toBe('id-0\tA\\u{1b}[2J\\u{9}B\\u{a}C, running');
  });

  const foreign = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
  it.skipIf(foreign === undefined)('sends the token to no other address than this machine', async () => {
    const requests: unknown[] = [];
    const server = createServer((request, response) => {
      requests.push(request.url);
      response.end('{"content":[]}');
    });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    closed.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const at = (host: string): Promise<string> => runningFolder(sampleDefinition(), { http: `http://${host}:${port}` });
    expect(await complete(await at('127.0.0.1'), 'process', 'show', '')).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(await complete(await at(foreign ?? ''), 'process', 'show', '')).toEqual([]);
    expect(requests).toHaveLength(1);
  });
});

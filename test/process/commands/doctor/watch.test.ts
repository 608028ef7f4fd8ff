import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import {
  type Answerer,
  type AnsweringServer,
  sendJson,
  startAnsweringServer,
} from '../../../support/answering-server.ts';
import { startEngineStub, type EngineStubOptions, type TestServer } from '../../../support/engine-server.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { answering, standInStep, standInWorker } from '../../../support/stand-in-worker.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { until } from '../../../support/until.ts';
import {
  CLIENT_ID,
  errorBody,
  kuflow,
  makeMaterials,
  SECRET,
  type Materials,
} from '../../../unit/diagnostics/matrix/setup.ts';

const folder = temporaryFolders();
const open: (() => Promise<unknown>)[] = [];
let materials: Materials;

beforeAll(async () => {
  materials = await makeMaterials();
});

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function keep<T extends { close(): Promise<unknown> }>(opened: T): T {
  open.push(() => opened.close());
  return opened;
}

interface Round {
  readonly status: number;
  readonly roots: readonly { readonly id: string; readonly state: string; readonly code: string }[];
  readonly results: readonly { readonly id: string; readonly state: string; readonly earlier?: true }[];
  readonly created: readonly string[];
}

interface Watching {
  readonly stdout: () => string;
  /** The rounds so far, with `--json`. */
  readonly rounds: () => readonly Round[];
  /** Resolves when `count` more rounds have finished. */
  readonly more: (count: number) => Promise<readonly Round[]>;
  readonly stop: () => Promise<number>;
}

interface WatchOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
}

function watch(argv: readonly string[], { cwd = folder(), env = {}, stdin }: WatchOptions = {}): Watching {
  const fake = fakeHost(['doctor', '--watch', '0.01', ...argv], { cwd, env });
  const host = stdin === undefined ? fake.host : { ...fake.host, stdin: Readable.from([stdin]) as never };
  const root = { name: 'kuflow', description: '', version: '0', invocation: 'npx kuflow', commands: kuflowEntries };
  const ended = runProgram(root, host);
  let status: number | undefined;
  void ended.then((known) => (status = known));
  const stop = async (): Promise<number> => {
    fake.signal('SIGINT');
    return await ended;
  };
  open.push(stop);
  const rounds = (): readonly Round[] =>
    fake
      .stdout()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Round);
  const more = async (count: number): Promise<readonly Round[]> => {
    const before = rounds().length;
    await until(`${count} more rounds`, () => {
      if (status !== undefined) throw new Error(`doctor ended with ${status}: ${fake.stderr()}`);
      return rounds().length >= before + count;
    });
    return rounds();
  };
  return { stdout: fake.stdout, rounds, more, stop };
}

interface Place {
  readonly rest: AnsweringServer;
  readonly engine: TestServer;
  readonly env: Record<string, string>;
  /** How many tokens or certificates were requested. */
  readonly asked: (type: 'ENGINE_TOKEN' | 'ENGINE_CERTIFICATE') => number;
}

async function place(answer: Answerer = kuflow(materials), engine: Partial<EngineStubOptions> = {}): Promise<Place> {
  const { server, authority } = materials;
  const [rest, stub] = [
    keep(await startAnsweringServer(answer)),
    keep(await startEngineStub({ server, clientCa: authority.cert, ...engine })),
  ];
  const env = {
    KUFLOW_API_ENDPOINT: rest.url,
    KUFLOW_API_CLIENTID: CLIENT_ID,
    KUFLOW_API_CLIENTSECRET: SECRET,
    TEMPORAL_TARGET: stub.address,
  };
  const asked = (type: string): number =>
    rest.requests.filter(({ body }) => body.toString().includes(`"${type}"`)).length;
  return { rest, engine: stub, env, asked };
}

const CHAIN = ['--json', '--only', 'KF-ENGINE-002'];
const codes = (round: Round | undefined): readonly string[] => round?.roots.map(({ code }) => code) ?? ['no round'];
const madeAt = (rounds: readonly Round[]): readonly number[] =>
  rounds.flatMap(({ created }, index) => (created.length > 0 ? [index] : []));

describe('kuflow doctor --watch', () => {
  it('prints a change when KuFlow goes down or comes back', async () => {
    let down = true;
    const healthy = kuflow(materials);
    const { env, rest } = await place((request, response, index) => {
      if (down) sendJson(response, 500, errorBody(500));
      else healthy(request, response, index);
    });
    const watching = watch(['--only', 'rest'], { env });
    const printed = (text: string): number => watching.stdout().split(text).length - 1;
    await until('the fault', () => printed('doctor explain KF-REST-001') === 1);
    const seen = rest.requests.length;
    await until('more rounds', () => rest.requests.length >= seen + 6);
    expect(printed('doctor explain KF-REST-001')).toBe(1);
    down = false;
    await until('the recovery', () => watching.stdout().includes('accepted for the application "Loan worker"'));
    down = true;
    await until('the fault again', () => printed('doctor explain KF-REST-001') === 2);
    expect(await watching.stop()).toBe(130);
  });

  it('creates one token and one certificate', async () => {
    const { env, asked } = await place();
    const rounds = await watch(CHAIN, { env }).more(4);
    expect(rounds.map(({ status, created }) => [status, created])).toEqual([
      [0, ['engine token', 'engine certificate']],
      ...rounds.slice(1).map(() => [0, []]),
    ]);
    expect([asked('ENGINE_TOKEN'), asked('ENGINE_CERTIFICATE')]).toEqual([1, 1]);
  });

  it('creates new ones when the credentials change', async () => {
    const cwd = folder();
    const [first, second] = [await place(), await place()];
    const write = ({ rest, engine }: Place): void =>
      writeFileSync(
        join(cwd, 'application.yaml'),
        `kuflow:\n  api:\n    endpoint: ${rest.url}\n    client-id: ${CLIENT_ID}\n    client-secret: ${SECRET}\ntemporal:\n  target: ${engine.address}\n`,
      );
    write(first);
    const watching = watch(CHAIN, { cwd });
    await watching.more(2);
    write(second);
    await until('a token of the other KuFlow', () => second.asked('ENGINE_TOKEN') > 0);
    const rounds = await watching.more(2);
    expect(rounds.every(({ status }) => status === 0)).toBe(true);
    expect([first, second].map(({ asked }) => asked('ENGINE_CERTIFICATE'))).toEqual([1, 1]);
  });

  it('requests a new token when the engine rejects the current one', async () => {
    const status: Record<string, { code: number }> = {};
    const { env, asked } = await place(kuflow(materials), { status });
    const watching = watch(CHAIN, { env });
    await watching.more(2);
    status['GetSystemInfo'] = { code: 16 };
    await until('the rejection', () => codes(watching.rounds().at(-1)).includes('engine-unauthenticated'));
    await until('another token', () => asked('ENGINE_TOKEN') > 1);
    // The new one is rejected too, so a third one would not help.
    await watching.more(3);
    delete status['GetSystemInfo'];
    await until('the recovery', () => watching.rounds().at(-1)?.status === 0);
    await watching.more(2);
    expect([asked('ENGINE_TOKEN'), asked('ENGINE_CERTIFICATE')]).toEqual([2, 1]);
    // It has been accepted since, so a replacement may help now.
    status['GetSystemInfo'] = { code: 16 };
    await until('a third token', () => asked('ENGINE_TOKEN') > 2);
    await watching.more(3);
    expect([asked('ENGINE_TOKEN'), asked('ENGINE_CERTIFICATE')]).toEqual([3, 1]);
  });

  it.each<[string, Partial<EngineStubOptions>, string]>([
    ['token', { status: { GetSystemInfo: { code: 16 } } }, 'engine-unauthenticated'],
    ['application', { status: { GetSystemInfo: { code: 7 } } }, 'engine-permission-denied'],
    ['certificate', {}, 'engine-closed-after-handshake'],
  ])('requests nothing more while the engine rejects the %s from the start', async (what, engine, code) => {
    const clientCa = what === 'certificate' ? materials.other.cert : materials.authority.cert;
    const { env, asked } = await place(kuflow(materials), { ...engine, clientCa });
    const rounds = await watch(CHAIN, { env }).more(4);
    expect(rounds.map(codes)).toEqual(rounds.map(() => [code]));
    expect([asked('ENGINE_TOKEN'), asked('ENGINE_CERTIFICATE')]).toEqual([1, 1]);
    expect(madeAt(rounds)).toEqual([0]);
  });

  it('keeps the token and certificate while the engine is unreachable', async () => {
    const healthy = kuflow(materials);
    const going: { engine?: TestServer } = {};
    // The engine stops while a round calls KuFlow, never during a handshake, which would look like a rejection.
    const { env, asked, engine } = await place((request, response, index) => {
      const gone = going.engine?.close() ?? Promise.resolve();
      delete going.engine;
      void gone.then(() => healthy(request, response, index));
    });
    const watching = watch(CHAIN, { env });
    await watching.more(1);
    going.engine = engine;
    await until('the fault', () => codes(watching.rounds().at(-1)).includes('engine-refused'));
    await watching.more(3);
    expect([asked('ENGINE_TOKEN'), asked('ENGINE_CERTIFICATE')]).toEqual([1, 1]);
  });

  it.each([
    ['reports its time', true, ['clock-wrong']],
    ['does not report its time', false, ['token-expired-by-clock']],
  ])('creates one token with a clock an hour ahead of a KuFlow that %s', async (_name, tells, expected) => {
    const behind = (ms: number): Date => new Date(Date.now() - 3_600_000 + ms);
    const healthy = kuflow(materials);
    const { env, asked } = await place((request, response, index) => {
      response.sendDate = false;
      if (tells) response.setHeader('date', behind(0).toUTCString());
      if (!request.body.toString().includes('ENGINE_TOKEN')) healthy(request, response, index);
      else
        sendJson(response, 200, {
          type: 'ENGINE_TOKEN',
          engineToken: { token: `token-${index}`, expiredAt: behind(600_000).toISOString() },
        });
    });
    const rounds = await watch(CHAIN, { env }).more(4);
    expect(rounds.map(codes)).toEqual(rounds.map(() => expected));
    expect(madeAt(rounds)).toEqual([0]);
    expect(asked('ENGINE_TOKEN')).toBe(1);
  });

  it('requests a new token before the current one expires, even if it is short-lived', async () => {
    const lifeMs = 12_000;
    const healthy = kuflow(materials);
    const { env, asked } = await place((request, response, index) => {
      if (!request.body.toString().includes('ENGINE_TOKEN')) healthy(request, response, index);
      else
        sendJson(response, 200, {
          type: 'ENGINE_TOKEN',
          engineToken: { token: 'token', expiredAt: new Date(Date.now() + lifeMs).toISOString() },
        });
    });
    const watching = watch(CHAIN, { env });
    const rounds = await watching.more(2);
    expect(madeAt(rounds)).toEqual([0]);
    await until('another token', () => asked('ENGINE_TOKEN') > 1);
    expect(watching.rounds().every(({ status, roots }) => status === 0 && roots.length === 0)).toBe(true);
  });

  it("reuses the result of the worker's own check as long as nothing else changes", async () => {
    const cwd = folder();
    const steps = ['settings', 'rest', 'token', 'certificate'].map((step) => standInStep(step, 'ok'));
    standInWorker(
      cwd,
      "import { appendFileSync } from 'node:fs';\nappendFileSync('starts', 'x');\n" +
        answering(...steps, standInStep('connect', 'failed', 'no way')),
    );
    writeFileSync(join(cwd, 'application.yaml'), 'temporal:\n  kuflow-queue: Q\n');
    const status: Record<string, { code: number }> = {};
    const { env } = await place(kuflow(materials), { status });
    const watching = watch(['--json', '--only', 'KF-WORK-002'], { cwd, env: { PATH: process.env['PATH'], ...env } });
    const starts = (): number => readFileSync(join(cwd, 'starts'), 'utf8').length;
    const rounds = await watching.more(4);
    expect(rounds.map(codes)).toEqual(rounds.map(() => ['worker-disagrees']));
    expect(rounds.map(({ status: one }) => one)).toEqual(rounds.map(() => 1));
    expect(starts()).toBe(1);
    expect(rounds[0]?.created).toHaveLength(3);
    expect(madeAt(rounds)).toEqual([0]);
    expect(rounds[1]?.results.filter(({ earlier }) => earlier).map(({ id }) => id)).toEqual([
      'KF-WORK-001',
      'KF-WORK-002',
    ]);
    // Another check changes, so the worker's own check runs again and creates a token.
    status['GetSystemInfo'] = { code: 16 };
    await until('the rejection', () => codes(watching.rounds().at(-1)).includes('engine-unauthenticated'));
    await until('the worker check runs again', () => starts() > 1);
    await until('both stop there', () => codes(watching.rounds().at(-1)).join() === 'engine-unauthenticated');
  });

  it('reads a secret from standard input once', async () => {
    const { env } = await place();
    const { KUFLOW_API_CLIENTID: id = '', KUFLOW_API_CLIENTSECRET: secret = '', ...rest } = env;
    const argv = ['--json', '--only', 'KF-REST-001', '--client-id', id, '--client-secret-stdin'];
    const rounds = await watch(argv, { env: rest, stdin: `${secret}\n` }).more(3);
    expect(rounds.every(({ status, roots }) => status === 0 && roots.length === 0)).toBe(true);
  });
});

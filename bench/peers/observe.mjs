// One run of one tool and its facts. `text` is everything it printed; the other facts are stored with the tables. Nothing is rated here.
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openSession } from '../../scripts/terminal-session.mjs';
import { difference, snapshot } from './tree.mjs';

const PATIENCE_MS = 20_000;
// A screen that has not changed for this long waits for input.
const STILL_MS = 700;
const MOST_ANSWERS = 25;
const KEPT_LINES = 12;
const ESCAPES = /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_]|\][^\x07\x1b]*(?:\x07|\x1b\\))/g;
const COLOURS = /\x1b\[(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[0-9;]*m/g;
const TRACE = /^\s*(?:[│|]\s*)?at .*(?::\d+:\d+\)?|\(node:[\w/:]+\))$/m;

const running = new Set();

/** Ends the current run, for an interrupt. */
export function endRuns() {
  for (const end of running) end();
}

/** The folder of one run, with an empty home and an environment that contains only what a tool needs. */
export async function makePlace(folder, standIns) {
  const place = await mkdtemp(join(folder, 'run-'));
  await chmod(place, 0o755);
  const [cwd, home] = [join(place, 'work'), join(place, 'home')];
  await mkdir(cwd);
  await mkdir(home);
  // The user of the read-only run also writes here.
  await chmod(home, 0o777);
  const log = join(place, 'managers.jsonl');
  const kept = [
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'KUFLOW_TEMPORAL_PATH',
  ];
  // As on a machine where git is set up.
  await writeFile(join(home, '.gitconfig'), '[user]\n  name = You\n  email = you@example.com\n');
  return {
    place,
    cwd,
    node: standIns.node,
    env: {
      PATH: [standIns.bin, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      HOME: home,
      LANG: 'C.UTF-8',
      STAND_IN_LOG: log,
      ...Object.fromEntries(
        kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
      ),
    },
    /** The calls of package managers so far: `{ name, args, pid }`. */
    managers: async () => {
      const text = await readFile(log, 'utf8').catch(() => '');
      return text.trim() === ''
        ? []
        : text
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line));
    },
  };
}

/**
 * Runs without a terminal: empty stdin, both outputs in pipes. `wrap` adds a command prefix such as `unshare`.
 */
export async function inPipe(tool, args, place, { env = {}, wrap = [] } = {}) {
  const before = snapshot(place.cwd);
  const words = [...wrap, place.node, tool.path, ...args];
  const started = performance.now();
  const child = spawn(words[0], words.slice(1), {
    cwd: place.cwd,
    env: { ...place.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.err += text));
  let timedOut = false;
  // The whole process group, because children of the tool would keep the pipes open.
  const end = () => process.kill(-child.pid, 'SIGKILL');
  running.add(end);
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, PATIENCE_MS);
  const [status, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...ending) => resolve(ending));
  });
  clearTimeout(timer);
  running.delete(end);
  return {
    ...factsOf(tool, args, place, output.out + output.err, before),
    where: 'pipe',
    status,
    signal,
    timedOut,
    seconds: (performance.now() - started) / 1000,
    json: isJson(output.out),
    text: scrub(`${output.out}\n${output.err}`, place),
    out: lastLines(scrub(output.out, place)),
    err: lastLines(scrub(output.err, place)),
  };
}

/**
 * Runs in a pseudo-terminal of 80 columns. `drive(session)` answers as a person would; the run is ended shortly after it returns.
 */
export async function inTerminal(tool, args, place, drive, { env = {} } = {}) {
  const before = snapshot(place.cwd);
  const started = performance.now();
  const session = openSession(place.node, [tool.path, ...args], {
    cwd: place.cwd,
    env: { ...place.env, TERM: 'xterm-256color', ...env },
  });
  running.add(session.kill);
  let driven;
  try {
    driven = await drive(session);
  } catch (error) {
    driven = { problem: error.message.split('\n')[0] };
  }
  const timedOut = await Promise.race([session.ended.then(() => false), pause(PATIENCE_MS, true, { ref: false })]);
  if (timedOut) session.kill();
  const { status, signal } = await session.ended;
  running.delete(session.kill);
  return {
    ...factsOf(tool, args, place, session.output(), before),
    where: 'terminal',
    status: status ?? null,
    signal: signal ?? null,
    timedOut,
    seconds: (performance.now() - started) / 1000,
    text: scrub(session.everything(), place),
    screen: lastLines(scrub(session.everything(), place)),
    cursorHidden: session.cursorHidden(),
    driven: driven ?? {},
  };
}

/** Resolves to true when the screen no longer changes, to false when the command has ended. */
export async function standsStill(session) {
  const deadline = Date.now() + PATIENCE_MS;
  let still = 0;
  let last;
  while (Date.now() < deadline && !session.hasEnded()) {
    const now = session.screen();
    still = now === last && now !== '' ? still + 50 : 0;
    last = now;
    if (still >= STILL_MS) return true;
    await pause(50);
  }
  return false;
}

/** Answers every question with the return key, which accepts the default. */
export async function takeProposals(session) {
  let answers = 0;
  while (answers < MOST_ANSWERS && (await standsStill(session))) {
    session.type('\r');
    answers++;
  }
  return { answers };
}

/**
 * Presses Ctrl-C at the first question, or at the first that matches; earlier questions get their defaults.
 * @param {RegExp} [wanted]
 */
export function interruptAt(wanted) {
  return async (session) => {
    for (let answers = 0; answers < MOST_ANSWERS && (await standsStill(session)); answers++) {
      const question = session.screen();
      if (wanted === undefined || wanted.test(question)) {
        session.type('\x03');
        return { asked: true, question: question.split('\n').slice(-6).join('\n') };
      }
      session.type('\r');
    }
    return { asked: false };
  };
}

function factsOf(tool, args, place, output, before) {
  return {
    args,
    ...difference(before, snapshot(place.cwd)),
    escapes: (output.match(ESCAPES) ?? []).length,
    colours: (output.match(COLOURS) ?? []).length,
    trace: TRACE.test(output.replace(ESCAPES, '').replaceAll('\r', '')),
  };
}

function scrub(text, place) {
  const { username, homedir } = userInfo();
  const plain = text.replace(ESCAPES, '').replaceAll('\r', '');
  return [
    [place.cwd, '.'],
    [place.place, '<run>'],
    [dirname(place.place), '<bench>'],
    [hostname(), '<host>'],
    [homedir, '<home>'],
    [`/${username}/`, '/<user>/'],
  ]
    .reduce((scrubbed, [from, to]) => (from.length > 3 ? scrubbed.replaceAll(from, to) : scrubbed), plain)
    .trim();
}

function lastLines(text) {
  return text.split('\n').slice(-KEPT_LINES).join('\n');
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

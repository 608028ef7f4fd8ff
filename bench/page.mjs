// What the page of the local KuFlow costs: CPU of an idle platform with and without an open page, next to the Temporal server in the same
// minutes, and memory for many streams of events.
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { findChromium, provideTemporal } from '../scripts/test-programs.mjs';
import { median, run } from './measure.mjs';

const STREAMS = 200;
const ROUNDS = 3;
/** Seconds of each measurement of an idle platform. */
const IDLE = 20;
/** Ticks of /proc/<pid>/stat per second on Linux. */
const TICKS = 100;

export async function measurePage(root, folder, say) {
  if (process.platform !== 'linux') throw new Error('CPU and memory are read from /proc, which only Linux has');
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('No Chromium: set KUFLOW_CHROMIUM');
  provideTemporal(say);
  const cwd = join(folder, 'page');
  await mkdir(cwd, { recursive: true });
  const kuflow = join(root, 'bin', 'kuflow.js');
  const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
  const platform = spawn(process.execPath, [kuflow, 'dev', ...ports], { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => platform.on('exit', resolve));
  try {
    const { done } = await createInterface({ input: platform.stdout })[Symbol.asyncIterator]().next();
    if (done === true) throw new Error('The platform did not start');
    const address = (await run(process.execPath, [kuflow, 'dev', 'open', '--print'], { cwd })).out.trim();
    const pids = { platform: platform.pid, temporal: await findTemporal(platform.pid) };
    return [
      ...(await measureIdle(address, executablePath, pids, say)),
      await measureStreams(address, pids.platform, say),
    ];
  } finally {
    platform.kill('SIGTERM');
    await ended;
  }
}

async function measureIdle(address, executablePath, pids, say) {
  const closed = await idleShares(pids, say);
  const browser = await chromium.launch({ executablePath, args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
  try {
    const page = await browser.newPage();
    await page.goto(address);
    await page.getByText('Live', { exact: true }).waitFor();
    const open = await idleShares(pids, say);
    const share = (value) => `${(value * 100).toFixed(2)}%`;
    return [
      {
        what: `local KuFlow, idle, page open: CPU of one core of its Node process`,
        measured: `${share(open.platform)} (page closed ${share(closed.platform)}; Temporal server ${share(open.temporal)} and ${share(closed.temporal)})`,
        target: '< 2%',
        met: open.platform < 0.02,
      },
    ];
  } finally {
    await browser.close();
  }
}

async function measureStreams(address, pid, say) {
  const url = new URL(address);
  const token = new URLSearchParams(url.hash.slice(1)).get('token');
  const costs = [];
  // The first round also pays for code that is compiled then.
  for (let round = 0; round <= ROUNDS; round++) {
    const before = await residentBytes(pid);
    const requests = await openStreams(url.origin, token);
    const cost = (await residentBytes(pid)) - before;
    await Promise.all(requests.map(close));
    say(`${STREAMS} streams: ${megabytes(cost)}`);
    if (round > 0) costs.push(cost);
  }
  const cost = median(costs);
  return {
    what: `local KuFlow: memory for ${STREAMS} streams of events`,
    measured: megabytes(cost),
    target: '< 10 MB',
    met: cost < 10e6,
  };
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Opens the streams, and resolves when each has received its first bytes. */
function openStreams(origin, token) {
  const agent = new http.Agent({ maxSockets: STREAMS });
  const open = () =>
    new Promise((resolve, reject) => {
      const request = http.get(
        `${origin}/_dev/events`,
        { agent, headers: { authorization: `Bearer ${token}` } },
        (answer) => {
          if (answer.statusCode !== 200) reject(new Error(`The stream was answered with ${answer.statusCode}`));
          answer.on('error', () => undefined);
          answer.resume();
          resolve(request);
        },
      );
      request.on('error', reject);
    });
  return Promise.all(Array.from({ length: STREAMS }, open));
}

function close(request) {
  return new Promise((resolve) =>
    request
      .on('error', () => undefined)
      .once('close', resolve)
      .destroy(),
  );
}

/** The share of one core that each process used while nothing happened. */
async function idleShares(pids, say) {
  const names = Object.keys(pids);
  const before = await Promise.all(names.map((name) => cpuSeconds(pids[name])));
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, IDLE * 1000));
  const seconds = (performance.now() - started) / 1000;
  const after = await Promise.all(names.map((name) => cpuSeconds(pids[name])));
  const shares = Object.fromEntries(names.map((name, index) => [name, (after[index] - before[index]) / seconds]));
  say(`idle: ${JSON.stringify(shares)}`);
  return shares;
}

async function cpuSeconds(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function residentBytes(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
  return Number(kilobytes) * 1024;
}

/** The Temporal server below the platform: its supervisor's child. */
async function findTemporal(pid) {
  const children = async (parent) =>
    (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim().split(' ').filter(Boolean);
  for (const supervisor of await children(pid)) {
    const [server] = await children(supervisor);
    if (server !== undefined) return server;
  }
  throw new Error('The Temporal server was not found');
}

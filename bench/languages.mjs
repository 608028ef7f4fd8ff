// The same sample process in each language: from nothing to a completed process, the start of the worker, and its memory.
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './measure.mjs';

const SAMPLE_MS = 100;
const PORTS = ['--port', '0', '--https-port', '0', '--engine-port', '0'];

/** As the images start the workers. */
const WORKERS = {
  typescript: {
    build: ['npm', 'run', '--silent', 'build'],
    command: [process.execPath, '--enable-source-maps', 'dist/main.js'],
  },
  java: { build: [], command: ['java', '-XX:+ExitOnOutOfMemoryError', '-jar', 'target/app.jar'] },
};

export async function measureLanguages(installed, folder, say) {
  const rows = [];
  for (const [language, { build, command }] of Object.entries(WORKERS)) {
    const home = join(folder, language);
    await mkdir(home, { recursive: true });
    const options = ['--language', language, '--local', '--yes', '--no-git', '--no-check'];
    const cli = ['--cli-package', `file:${installed.tarball}`];
    const created = await run(process.execPath, [installed.create, 'worker', ...options, ...cli], { cwd: home });
    const project = join(home, 'worker');
    const [tool, ...args] = build;
    const built = tool === undefined ? { ms: 0 } : await run(tool, args, { cwd: project });
    const memory = watchMemory(command.at(-1));
    let polls = '';
    const env = { WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' };
    const simulated = await run(
      process.execPath,
      [installed.kuflow, 'dev', 'simulate', 'LOAN', ...PORTS, '--', ...command],
      { cwd: project, env, onError: (text) => (polls ||= /polls \S+ \(([\d.]+ s)\)/.exec(text)?.[1] ?? '') },
    ).finally(() => memory.stop());
    const total = created.ms + built.ms + simulated.ms;
    say(`${language}: ${seconds(total)}`);
    rows.push(
      {
        what: `${language}: from \`create\` to the first completed process, with warm caches`,
        measured: `${seconds(total)} (create and install ${seconds(created.ms)})`,
      },
      {
        what: `${language}: start of the worker until it polls, and its memory at most`,
        measured: `${polls}, ${(memory.peak() / 1024).toFixed(0)} MB`,
      },
    );
  }
  return rows;
}

/** Reads the memory of the process whose command ends with these words, in kilobytes. */
function watchMemory(words) {
  let peak = 0;
  const timer = setInterval(() => {
    const lines = execFileSync('ps', ['-eo', 'pid=,rss=,args='], { encoding: 'utf8' }).split('\n');
    for (const line of lines) {
      const [, rss, args] = /^\s*\d+\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      // The command that starts the worker contains its command too.
      if (args?.endsWith(words) && !args.includes('simulate') && !args.includes('supervisor'))
        peak = Math.max(peak, Number(rss));
    }
  }, SAMPLE_MS);
  return { stop: () => clearInterval(timer), peak: () => peak };
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

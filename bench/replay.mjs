// `kuflow replay` of many running processes, in each language.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importSource } from '../scripts/import-source.mjs';
import { buildProject, createProject, LANGUAGES, prepareLanguages, withWorker, workerCommand } from './languages.mjs';

const PROCESSES = 200;
const TARGET_S = 15;
const MEMORY_EVERY_MS = 100;
const APPLICATION = { firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 1000 };

export async function measureReplay(root, installed, folder, say) {
  const { place, languages, skipped } = await prepareLanguages(root, installed, join(folder, 'replay'), say);
  const results = {};
  for (const language of languages) {
    results[language] = await measureLanguage(place, language);
    say(`${language}: ${JSON.stringify(results[language])}`);
  }
  return [
    {
      what: `\`kuflow replay\` of ${PROCESSES} running processes, and the most memory (RSS) of the command and the worker's program`,
      measured: Object.keys(LANGUAGES)
        .map((language) => {
          if (!(language in results)) return `${language} skipped: ${skipped}`;
          const { ms, megabytes } = results[language];
          return `${language} ${(ms / 1000).toFixed(1)} s, ${megabytes} MB`;
        })
        .join('; '),
      target: `< ${TARGET_S} s`,
      met: Object.values(results).every(({ ms }) => ms < TARGET_S * 1000),
    },
  ];
}

async function measureLanguage(place, language) {
  const { root, home, installed } = place;
  const { sampleDefinition } = await importSource(root, 'src/process/sample.ts');
  const name = `replay-${language.toLowerCase()}`;
  const project = join(home, name);
  await createProject(place, language, name);
  await buildProject(language, project);
  const worker = await workerCommand(root, project);
  return await withWorker(root, project, worker, [sampleDefinition()], async ({ user, env }) => {
    const { forEachInParallel } = await importSource(root, 'src/base/async.ts');
    await forEachInParallel(20, Array.from({ length: PROCESSES }), async () => {
      const processId = await user.start('LOAN');
      await user.complete(processId, 'LOAN_APPLICATION', APPLICATION);
      await user.item(processId, 'APPROVE_LOAN');
    });
    return await replay(installed, project, env);
  });
}

async function replay({ kuflow }, project, env) {
  const started = performance.now();
  const command = spawn(process.execPath, [kuflow, 'replay', '--json'], {
    cwd: project,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  command.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  let kilobytes = 0;
  const timer = setInterval(() => (kilobytes = Math.max(kilobytes, memoryOf(command.pid))), MEMORY_EVERY_MS);
  const [status] = await once(command, 'close');
  clearInterval(timer);
  const { matching } = JSON.parse(output);
  if (status !== 0 || matching !== PROCESSES) throw new Error(`kuflow replay ended with ${status}: ${output}`);
  return { ms: performance.now() - started, megabytes: Math.round(kilobytes / 1024) };
}

/** Kilobytes (RSS) of a process and its descendants. */
function memoryOf(pid) {
  const parents = new Map();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const status = statusOf(entry);
    const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1];
    if (parent !== undefined) parents.set(entry, { parent, rss: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) });
  }
  const isBelow = (entry) => {
    for (let at = entry; at !== undefined; at = parents.get(at)?.parent) if (at === String(pid)) return true;
    return false;
  };
  return [...parents].reduce((sum, [entry, { rss }]) => (isBelow(entry) ? sum + rss : sum), 0);
}

function statusOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}

// `kuflow replay` of many running processes, in each language.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importSource } from '../scripts/import-source.mjs';
import { describeLanguages, prepareLanguages, withNewWorker } from './languages.mjs';
import { run } from './measure.mjs';

const PROCESSES = 200;
/** To measure memory, which must not grow with the number of processes. */
const MANY = 2000;
const MEMORY_LIMIT = 1.25;
/**
 * What Node.js chooses in a container with the memory of the Deployment. Temporal's SDK derives from it how many running processes a worker caches:
 * with the memory of this machine, gigabytes of them.
 */
const WORKER_ENV = { NODE_OPTIONS: '--max-old-space-size=512' };
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
  const row = (what, count, target, isMet) => ({
    what: `\`kuflow replay\` of ${count} running processes${what}`,
    measured: describeLanguages(
      results,
      skipped,
      (result) => `${(result[count].ms / 1000).toFixed(1)} s, ${result[count].megabytes} MB`,
    ),
    target,
    met: Object.values(results).every(isMet),
  });
  return [
    row(
      ", and the most memory (RSS) of the command and the worker's program",
      PROCESSES,
      `< ${TARGET_S} s`,
      (result) => result[PROCESSES].ms < TARGET_S * 1000,
    ),
    row(
      ', with the same memory',
      MANY,
      `< ${MEMORY_LIMIT} × the memory of ${PROCESSES}`,
      (result) => result[MANY].megabytes < MEMORY_LIMIT * result[PROCESSES].megabytes,
    ),
  ];
}

async function measureLanguage(place, language) {
  const { root, installed } = place;
  const { sampleDefinition } = await importSource(root, 'src/process/sample.ts');
  const { forEachInParallel } = await importSource(root, 'src/base/async.ts');
  const measure = async ({ project, user, env }) => {
    const result = {};
    let started = 0;
    for (const count of [PROCESSES, MANY]) {
      await forEachInParallel(20, Array.from({ length: count - started }), async () => {
        const processId = await user.start('LOAN');
        await user.complete(processId, 'LOAN_APPLICATION', APPLICATION);
        await user.item(processId, 'APPROVE_LOAN');
      });
      started = count;
      result[count] = await replay(installed, project, env, count);
    }
    return result;
  };
  const name = `replay-${language.toLowerCase()}`;
  return await withNewWorker(place, language, name, [sampleDefinition()], measure, WORKER_ENV);
}

async function replay({ kuflow }, project, env, count) {
  let kilobytes = 0;
  let timer;
  const onStart = (pid) => {
    timer = setInterval(() => (kilobytes = Math.max(kilobytes, memoryOf(pid))), MEMORY_EVERY_MS);
  };
  const args = [kuflow, 'replay', '--json'];
  const { ms, out } = await run(process.execPath, args, { cwd: project, env, onStart }).finally(() =>
    clearInterval(timer),
  );
  if (JSON.parse(out).matching !== count) throw new Error(`kuflow replay did not match all processes: ${out}`);
  return { ms, megabytes: Math.round(kilobytes / 1024) };
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

// What encryption adds to a process: one worker runs ordinary and confidential processes in turns, with little data and with 1 MiB.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importSource } from '../scripts/import-source.mjs';
import { describeLanguages, prepareLanguages, runProcess, withNewWorker } from './languages.mjs';
import { inTurns, median } from './measure.mjs';

const ROUNDS = 5;
/** A JVM compiles its code during the first rounds. */
const WARM_UP = 2;
const CONFIDENTIAL = 'CONFIDENTIAL_LOAN';
const SIZES = {
  small: { what: 'a process', processes: 10, text: 'B' },
  large: { what: 'a process with 1 MiB of form data', processes: 2, text: 'B'.repeat(1024 * 1024) },
};
/** In milliseconds; the unit of /proc is always USER_HZ, 100 per second. */
const TICK = 10;

export async function measureEncryption(root, installed, folder, say) {
  const { place, languages, skipped } = await prepareLanguages(root, installed, join(folder, 'encryption'), say);
  const results = {};
  for (const language of languages) {
    results[language] = await measureLanguage(place, language, say);
  }
  return Object.entries(SIZES).map(([size, { what, processes }]) => ({
    what: `encryption: what it adds to ${what} (${processes} in parallel): processor time of the worker, and time`,
    measured: describeLanguages(results, skipped, (sizes) => {
      const { ordinary, confidential } = sizes[size];
      const addedTo = (figure) => added(ordinary[figure], confidential[figure]);
      return `processor ${addedTo('processor')}, time ${addedTo('time')}`;
    }),
  }));
}

const added = (ordinary, confidential) =>
  ordinary === undefined
    ? 'not measured'
    : `${(confidential - ordinary).toFixed(0)} ms (${ordinary.toFixed(0)} → ${confidential.toFixed(0)})`;

/** Milliseconds of one process, by size and kind. */
async function measureLanguage(place, language, say) {
  const { sampleDefinition } = await importSource(place.root, 'src/process/sample.ts');
  const sample = sampleDefinition();
  const confidential = { ...sample, process: { code: CONFIDENTIAL, name: 'Confidential loan', confidential: true } };
  const name = `encryption-${language.toLowerCase()}`;
  return await withNewWorker(place, language, name, [sample, confidential], async ({ pid, user }) => {
    const sizes = {};
    for (const [size, { processes, text }] of Object.entries(SIZES)) {
      const batch = async (code) => {
        const [started, before] = [performance.now(), await processorTime(pid)];
        await Promise.all(Array.from({ length: processes }, () => runProcess(user, code, text)));
        const used = before === undefined ? undefined : (await processorTime(pid)) - before;
        return { time: (performance.now() - started) / processes, processor: used && used / processes };
      };
      sizes[size] = await compare({ ordinary: () => batch('LOAN'), confidential: () => batch(CONFIDENTIAL) });
      say(`${language}, ${size}: ${JSON.stringify(sizes[size])}`);
    }
    return sizes;
  });
}

/** The medians of what the contenders measure in turns. */
async function compare(contenders) {
  const measured = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  const turn = ([name, measure]) => [
    name,
    async (round) => {
      const result = await measure();
      if (round >= 0) measured[name].push(result);
      return result.time;
    },
  ];
  await inTurns(Object.fromEntries(Object.entries(contenders).map(turn)), ROUNDS, { warmUp: WARM_UP });
  const medianOf = (results, figure) =>
    results[0][figure] === undefined ? undefined : median(results.map((result) => result[figure]));
  return Object.fromEntries(
    Object.entries(measured).map(([name, results]) => [
      name,
      { time: medianOf(results, 'time'), processor: medianOf(results, 'processor') },
    ]),
  );
}

/** Milliseconds that all threads of a program have used; undefined on systems other than Linux. */
async function processorTime(pid) {
  if (process.platform !== 'linux') return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

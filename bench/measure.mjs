import { spawn } from 'node:child_process';

/** The median. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const running = new Set();

/** Ends the commands that `run` has started and that have not finished, for an interrupt. */
export function endRunning() {
  for (const child of running) child.kill();
}

/**
 * Runs a command to its end and returns milliseconds and stdout. Rejects with the end of its output when it fails. `onStart` receives the
 * process ID, and `onError` receives stderr.
 */
export function run(command, args, { cwd, env, input, onStart, onError } = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    running.add(child);
    if (child.pid !== undefined) onStart?.(child.pid);
    const output = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (output.out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output.err += text;
      onError?.(text.trimEnd());
    });
    child.stdin?.end(input);
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      const ms = performance.now() - started;
      if (code === 0) resolve({ ms, ...output });
      else
        reject(new Error(`${command} ${args.join(' ')} ended with ${code}\n${(output.out + output.err).slice(-2000)}`));
    });
  });
}

/**
 * Measures several contenders in turns, so that other load on the machine affects all of them equally.
 * `contenders` maps a name to an async function that returns a number. Returns the median by name.
 */
export async function inTurns(contenders, rounds, { warmUp = 1, say = () => {} } = {}) {
  const results = new Map(Object.keys(contenders).map((name) => [name, []]));
  const names = Object.keys(contenders);
  for (let round = -warmUp; round < rounds; round++) {
    // Each round starts with another contender, because the first after a pause is often the slowest.
    for (let index = 0; index < names.length; index++) {
      const name = names[(index + Math.max(0, round)) % names.length];
      const value = await contenders[name](round);
      if (round >= 0) results.get(name).push(value);
    }
    if (round >= 0 && (round + 1) % 10 === 0) say(`round ${round + 1} of ${rounds}`);
  }
  return Object.fromEntries([...results].map(([name, values]) => [name, median(values)]));
}

import { describe } from 'vitest';
import { missingJdk } from './jdk.ts';
import { runHeavy } from './lanes.ts';
import { WORKERS } from './worker-project.ts';

export type Worker = (typeof WORKERS)[number];

/** The workers that can run on this machine. */
export const runnableWorkers = (): readonly Worker[] =>
  missingJdk() === undefined ? WORKERS : WORKERS.filter(({ language }) => language !== 'Java');

/** Declares tests that the worker of every language has to pass, one worker after the other. Those with a JVM are heavy. */
export function describeWorkers(title: string, declare: (worker: Worker) => void): void {
  describeWorkersTogether(title, (worker) => {
    if (worker.language === 'Java') runHeavy();
    declare(worker);
  });
}

/** Like `describeWorkers`, but for a file that starts all workers before its tests. The file itself calls `runHeavy` or `runAlone`. */
export function describeWorkersTogether(title: string, declare: (worker: Worker) => void): void {
  for (const worker of WORKERS) {
    const describeWorker = worker.language === 'Java' ? describeJava : describe;
    describeWorker(`${title} (${worker.language})`, () => declare(worker));
  }
}

/** Declares tests that need a JDK. Without one, they are skipped with the reason in their title. */
export function describeJava(title: string, declare: () => void): void {
  const missing = missingJdk();
  if (missing === undefined) describe(title, declare);
  else describe.skip(`${title}: skipped, because ${missing}`, declare);
}

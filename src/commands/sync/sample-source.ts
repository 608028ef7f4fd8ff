import { compareWorkerSample } from '../../discovery/compare-worker-sample.ts';
import { readWorkerSample } from '../../process/worker-sample/read.ts';
import type { LiveSource } from './compare-processes.ts';

/** The worker sample at `path`, an absolute path. Rejects with a KnownError if it cannot be read. */
export async function openSampleSource(path: string): Promise<LiveSource> {
  const sample = await readWorkerSample(path);
  return {
    kind: 'worker-sample',
    compare: ({ definition }) => {
      const comparison = compareWorkerSample(definition, sample);
      const hasNewTask = comparison.findings.some(({ kind }) => kind === 'task-added');
      return Promise.resolve({
        comparison,
        order: sample.tasks.map(({ code }) => code),
        notes: [
          'Fields were not compared: a worker sample does not contain the shapes of the data',
          ...(hasNewTask
            ? ['It does not say whether people or the worker complete a task, so new tasks are human tasks']
            : []),
        ],
      });
    },
  };
}

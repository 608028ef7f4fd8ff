import type { Check, CheckResult } from '../check.ts';
import type { DoctorFound, DoctorInput, WorkerStep } from '../doctor-input.ts';
import { explainedFinding } from '../explained.ts';
import { projectOf } from './project.ts';

type DoctorCheck = Check<DoctorInput, DoctorFound>;

const notInstalled = ({ project }: DoctorInput): string | undefined =>
  project?.workerCheck === undefined ? 'no installed worker here' : undefined;

export const workerCheck: DoctorCheck = {
  id: 'KF-WORK-001',
  title: "The worker's own check",
  plane: 'project',
  docs: 'kf-work-001',
  requires: ['KF-SET-001', 'KF-SET-006', 'KF-SET-002'],
  offline: false,
  creates: "engine token, and a certificate where none is given (by the worker's own check)",
  timeoutMs: 14_000,
  notApplicable: notInstalled,
  run: async ({ input, signal }) => {
    const run = projectOf(input).workerCheck;
    if (run === undefined) throw new Error('asked without an installed worker');
    const answer = await run(signal);
    if (answer.kind === 'failed')
      return explainedFinding({
        ...{ id: 'KF-WORK-001', code: 'worker-check-no-answer' },
        text: `The worker's own check ended without a result: ${answer.why}`,
      });
    const found = { workerCheck: answer };
    const facts = Object.fromEntries(answer.steps.map(({ step, status }) => [step, status]));
    const stuck = answer.steps.find(({ status }) => status === 'failed' || status === 'unknown');
    if (stuck === undefined) {
      const summary = `connected with its own SDK: ${answer.steps.map(({ step }) => step).join(', ')}`;
      return { state: 'pass', summary, facts, found };
    }
    // Whether that is the fault of the worker or the one that is told already, the next check judges.
    return { state: 'pass', summary: `it ran, and stops at ${stuck.step}`, facts, found };
  },
};

/** Which check of ours goes the way of a step of the worker's. */
const SAME_WAY: readonly (readonly [string, readonly string[]])[] = [
  ['settings', ['KF-SET-001', 'KF-SET-006', 'KF-SET-002']],
  ['rest', ['KF-REST-001']],
  ['token', ['KF-TOKEN-001']],
  ['certificate', ['KF-TLS-001', 'KF-TLS-002']],
  ['connect', ['KF-TLS-003', 'KF-ENGINE-001']],
  ['namespace', ['KF-ENGINE-002']],
];

type Verdict = 'works' | 'fails' | undefined;

function ours(results: readonly (CheckResult | undefined)[]): Verdict {
  const made = results.filter((result) => result !== undefined && result.skipped !== 'not-applicable');
  if (made.some((result) => result?.state === 'fail')) return 'fails';
  return made.length > 0 && made.every((result) => result?.state === 'pass' || result?.state === 'warn')
    ? 'works'
    : undefined;
}

const theirs = ({ status }: WorkerStep): Verdict =>
  status === 'ok' ? 'works' : status === 'failed' ? 'fails' : undefined;

export const workerAgrees: DoctorCheck = {
  id: 'KF-WORK-002',
  title: 'Doctor and worker agree',
  plane: 'project',
  docs: 'kf-work-002',
  requires: [],
  after: ['KF-ENGINE-002', 'KF-WORK-001'],
  offline: false,
  timeoutMs: 1_000,
  notApplicable: notInstalled,
  run: ({ found, ended }) => {
    const check = found.workerCheck;
    if (check?.kind !== 'answered')
      return Promise.resolve({
        state: 'skip',
        skipped: 'not-applicable',
        summary: "no result of the worker's own check",
      });
    for (const [name, ids] of SAME_WAY) {
      const step = check.steps.find((one) => one.step === name);
      const [own, other] = [ours(ids.map(ended)), step && theirs(step)];
      if (step === undefined || own === undefined || other === undefined || own === other) continue;
      const by = ids.filter((id) => ended(id) !== undefined).join(', ');
      const text = `${name} ${own} here (${by}) and ${other} for the worker: ${step.detail}`;
      return Promise.resolve(
        explainedFinding({
          id: 'KF-WORK-002',
          code: 'worker-disagrees',
          text,
          facts: { step: name, here: own, worker: other },
        }),
      );
    }
    const stuck = check.steps.find(({ status }) => status === 'failed');
    if (stuck === undefined) return Promise.resolve({ state: 'pass', summary: 'both see the same' });
    const [, same = []] = SAME_WAY.find(([name]) => name === stuck.step) ?? [];
    const by = same.find((id) => ended(id)?.state === 'fail');
    if (by !== undefined)
      return Promise.resolve({ state: 'pass', summary: `the worker stops at ${stuck.step} too, as ${by} does` });
    const text = `The worker's own check stops at ${stuck.step}, which could not be seen here: ${stuck.detail}`;
    return Promise.resolve(explainedFinding({ id: 'KF-WORK-002', code: 'worker-check-failed', text }));
  },
};

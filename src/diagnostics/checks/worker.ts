import type { Check, CheckResult, Finding } from '../check.ts';
import type { DoctorFound, DoctorInput, WorkerStep } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { projectOf } from './project.ts';

type DoctorCheck = Check<DoctorInput, DoctorFound>;

const notInstalled = ({ project }: DoctorInput): string | undefined =>
  project?.workerCheck === undefined ? 'no installed worker here' : project.workerApart;

/** The worker answers a little before all is over: what it says of the step that it is at tells more than that it did not end. */
const limitOf = (timeoutMs: number): number => timeoutMs - Math.min(2_000, timeoutMs / 4);

const hasEnded = (steps: readonly WorkerStep[], name: string): boolean =>
  steps.some(({ step, status }) => step === name && status === 'ok');

/** What the worker got as far as making. */
function madeBy(steps: readonly WorkerStep[], input: DoctorInput): string | undefined {
  const made = [
    ...(hasEnded(steps, 'token') ? ['engine token'] : []),
    ...(hasEnded(steps, 'certificate') && input.material.kind === 'requested' ? ['engine certificate'] : []),
  ];
  return made.length === 0 ? undefined : `${made.join(' and ')} (by the worker's own check)`;
}

export const workerCheck: DoctorCheck = {
  id: 'KF-WORK-001',
  title: "The worker's own check",
  plane: 'project',
  docs: 'kf-work-001',
  requires: ['KF-SET-001', 'KF-SET-006', 'KF-SET-002'],
  offline: false,
  creates: "engine token, and a certificate where none is given (by the worker's own check)",
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  notApplicable: notInstalled,
  run: async ({ input, signal }) => {
    const run = projectOf(input).workerCheck;
    if (run === undefined) throw new Error('asked without an installed worker');
    if (input.profile !== undefined)
      return toFinding({
        ...{ id: 'KF-WORK-001', code: 'worker-reads-no-profiles' },
        text: `The credentials are those of the profile ${input.profile}, and the worker reads no profiles`,
        values: { profile: input.profile },
      });
    const answer = await run({ signal, limitMs: limitOf(input.timeoutMs) });
    if (answer.kind === 'failed')
      return toFinding({
        ...{ id: 'KF-WORK-001', code: 'worker-check-no-answer' },
        text: `The worker's own check ended without a result: ${answer.why}`,
      });
    const { steps } = answer;
    const created = madeBy(steps, input);
    const about = {
      facts: Object.fromEntries(steps.map(({ step, status }) => [step, status])),
      found: { workerCheck: answer },
      ...(created !== undefined && { created }),
    };
    const stuck = steps.find(isStuck);
    // Whether that is the fault of the worker or the one that is told already, the next check judges.
    if (stuck !== undefined) return { state: 'pass', summary: `it ran, and stops at ${stuck.step}`, ...about };
    return {
      state: 'pass',
      summary: `connected with its own SDK: ${steps.map(({ step }) => step).join(', ')}`,
      ...about,
    };
  },
};

const isStuck = ({ status }: WorkerStep): boolean => status === 'failed' || status === 'unknown';

interface Way {
  readonly step: string;
  /** The checks of ours that go the way of this step of the worker's. */
  readonly ids: readonly string[];
  /** Others whose fault may stop the worker here: it reads certificates as settings, and has no clock but this machine's. */
  readonly also?: readonly string[];
}

const SAME_WAY: readonly Way[] = [
  { step: 'settings', ids: ['KF-SET-001', 'KF-SET-006', 'KF-SET-002'], also: ['KF-TLS-001'] },
  { step: 'rest', ids: ['KF-REST-001'] },
  { step: 'token', ids: ['KF-TOKEN-001'], also: ['KF-CLOCK-001'] },
  { step: 'certificate', ids: ['KF-TLS-001', 'KF-TLS-002'], also: ['KF-CLOCK-001'] },
  { step: 'connect', ids: ['KF-TLS-003', 'KF-ENGINE-001'] },
  { step: 'namespace', ids: ['KF-ENGINE-002'] },
];

/** `unclear`: looked at without a result. `unseen`: not looked at. */
type Verdict = 'works' | 'fails' | 'restricted' | 'unclear' | 'unseen';

function ours(results: readonly (CheckResult | undefined)[]): Verdict {
  const made = results.flatMap((result) =>
    result === undefined || result.skipped === 'not-applicable' ? [] : [result],
  );
  if (made.some(({ state }) => state === 'fail')) return 'fails';
  if (made.some(({ state }) => state === 'unknown' || state === 'crash')) return 'unclear';
  if (made.length === 0 || made.some(({ skipped }) => skipped === 'blocked' || skipped === 'excluded')) return 'unseen';
  // A call that an engine does not have keeps no SDK from going on.
  return made.every(({ skipped }) => skipped === 'restricted') ? 'restricted' : 'works';
}

const THEIRS: Readonly<Record<WorkerStep['status'], Verdict>> = {
  ok: 'works',
  failed: 'fails',
  unknown: 'unclear',
  skipped: 'unseen',
};

/** Whether the worker names the call with which its SDK connects, where the engine does not have that. */
const isOfRestrictedCall = ({ step, detail }: WorkerStep, ended: (id: string) => CheckResult | undefined): boolean =>
  step === 'connect' && detail.includes('GetSystemInfo') && ended('KF-ENGINE-001')?.skipped === 'restricted';

const stopped = (result: CheckResult | undefined): boolean =>
  result !== undefined && ['fail', 'unknown', 'crash'].includes(result.state);

function judge(steps: readonly WorkerStep[], ended: (id: string) => CheckResult | undefined): Finding<never> {
  const finding = (code: string, text: string, facts = {}): Finding<never> =>
    toFinding({ id: 'KF-WORK-002', code, text, facts });
  for (const { step: name, ids, also = [] } of SAME_WAY) {
    const step = steps.find((one) => one.step === name);
    if (step === undefined) continue;
    const [here, worker] = [ours(ids.map(ended)), THEIRS[step.status]];
    const facts = { step: name, here, worker };
    const by = ids.filter((id) => ended(id) !== undefined).join(', ');
    if (here === 'fails' && worker === 'works')
      return finding('worker-disagrees', `${name} fails here (${by}) and works for the worker: ${step.detail}`, facts);
    if (!isStuck(step)) continue;
    const blockers = ids.flatMap((id) => ended(id)?.blockedBy ?? []);
    const same = [...ids, ...also, ...blockers].find((id) => stopped(ended(id)));
    if (same !== undefined)
      return { state: 'pass', summary: `the worker stops at ${name} too, as ${same} does: ${step.detail}`, facts };
    if (worker === 'fails' && (here === 'restricted' || isOfRestrictedCall(step, ended)))
      return {
        state: 'pass',
        summary: `the worker stops at ${name}, which the engine restricts: ${step.detail}`,
        facts,
      };
    if (worker === 'unclear') {
      const seen = here === 'works' ? `which works here (${by})` : 'and it could not be seen here';
      return finding(
        'worker-could-not-tell',
        `The worker could not tell about ${name}, ${seen}: ${step.detail}`,
        facts,
      );
    }
    return here === 'works'
      ? finding('worker-disagrees', `${name} works here (${by}) and fails for the worker: ${step.detail}`, facts)
      : finding(
          'worker-check-failed',
          `The worker's own check stops at ${name}, which could not be seen here: ${step.detail}`,
          facts,
        );
  }
  const other = steps.find(isStuck);
  if (other !== undefined)
    return finding('worker-check-failed', `The worker's own check stops at ${other.step}: ${other.detail}`);
  return { state: 'pass', summary: 'both see the same' };
}

export const workerAgrees: DoctorCheck = {
  id: 'KF-WORK-002',
  title: 'Doctor and worker agree',
  plane: 'project',
  docs: 'kf-work-002',
  requires: [],
  after: ['KF-CLOCK-001', 'KF-ENGINE-002', 'KF-WORK-001'],
  offline: false,
  timeoutMs: 1_000,
  notApplicable: notInstalled,
  run: ({ found, ended }) => {
    const check = found.workerCheck;
    return Promise.resolve(
      check?.kind === 'answered'
        ? judge(check.steps, ended)
        : { state: 'skip', skipped: 'not-applicable', summary: "no result of the worker's own check" },
    );
  },
};

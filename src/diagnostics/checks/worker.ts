import { passed, skippedAs, skippedBecauseOf, type CheckResult, type Finding, type DoctorCheck } from '../check.ts';
import type { WorkerCheckStep, DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { requireProject } from './project.ts';

const notInstalled = ({ project }: DoctorInput): string | undefined =>
  project?.workerCheck === undefined ? 'no worker is installed here' : project.workerCheckUnavailable;

/** The worker reports shortly before the run ends: the step it is at says more than a missing result. */
const workerCheckLimit = (timeoutMs: number): number => timeoutMs - Math.min(2_000, timeoutMs / 4);

const isStepOk = (steps: readonly WorkerCheckStep[], name: string): boolean =>
  steps.some(({ step, status }) => step === name && status === 'ok');

/** What the worker created before it stopped. */
function describeCreated(steps: readonly WorkerCheckStep[], input: DoctorInput): string | undefined {
  const created = [
    ...(isStepOk(steps, 'token') ? ['engine token'] : []),
    ...(isStepOk(steps, 'certificate') && input.material.kind === 'requested' ? ['engine certificate'] : []),
  ];
  return created.length === 0 ? undefined : `${created.join(' and ')} (by the worker's own check)`;
}

/** How runtimes say that a dependency, or the native part of one, is not there. */
const MODULE_MISSING =
  /Cannot find (?:module|package) |ERR_DLOPEN_FAILED|cannot open shared object file|ModuleNotFoundError|NoClassDefFoundError|ClassNotFoundException|UnsatisfiedLinkError/;
/** A module of the worker itself, named by its path. */
const OWN_MODULE = /Cannot find module '(?:\.|\/(?!.*node_modules)|[A-Z]:\\(?!.*node_modules))/;

const isModuleMissing = ({ why }: { readonly why: string }): boolean =>
  MODULE_MISSING.test(why) && !OWN_MODULE.test(why);

export const workerCheck: DoctorCheck = {
  id: 'KF-WORK-001',
  title: "Worker's own check",
  plane: 'project',
  requires: ['KF-SET-001', 'KF-SET-006', 'KF-SET-002', 'KF-PROJ-003'],
  creates: 'engine token, and an engine certificate if none is configured',
  notApplicable: notInstalled,
  run: async ({ input, signal }) => {
    const run = requireProject(input).workerCheck;
    if (run === undefined) throw new Error('the worker is not installed');
    if (input.profile !== undefined) {
      const text = `The credentials come from the profile ${input.profile}, but the worker does not read profiles`;
      return toFinding('KF-WORK-001', 'worker-reads-no-profiles', text, { values: { profile: input.profile } });
    }
    const answer = await run({ signal, limitMs: workerCheckLimit(input.timeoutMs) });
    if (answer.kind === 'stopped')
      return toFinding('KF-WORK-001', 'worker-check-no-answer', "The worker's own check did not finish in time");
    if (answer.kind === 'failed') {
      const text = `The worker cannot start: ${answer.why}`;
      return toFinding('KF-WORK-001', isModuleMissing(answer) ? 'worker-module-missing' : 'worker-cannot-start', text, {
        values: { place: answer.at ?? 'the error that the message describes' },
      });
    }
    if (answer.kind === 'not-built') {
      const text = `The worker's own check cannot run, because ${answer.missing} is missing`;
      return toFinding('KF-WORK-001', 'worker-not-built', text, {
        values: { file: answer.missing, build: answer.build },
      });
    }
    const { steps } = answer;
    const stopped = steps.find(isStopped);
    // KF-WORK-002 decides whether this is a problem of the worker or one that is already reported.
    const summary =
      stopped === undefined
        ? `the worker connected with its SDK (${steps.map(({ step }) => step).join(', ')})`
        : `the worker ran and stopped at ${stopped.step}`;
    const facts = Object.fromEntries(steps.map(({ step, status }) => [step, status]));
    return { ...passed(summary, facts, { workerCheck: answer }), created: describeCreated(steps, input) };
  },
};

const isStopped = ({ status }: WorkerCheckStep): boolean => status === 'failed' || status === 'unknown';

interface StepChecks {
  readonly step: string;
  /** The checks that test the same thing as this step of the worker. */
  readonly ids: readonly string[];
  /** Other checks whose failure can stop the worker here: it reads certificates with its settings and trusts the local clock. */
  readonly also?: readonly string[];
}

const STEP_CHECKS: readonly StepChecks[] = [
  { step: 'settings', ids: ['KF-SET-001', 'KF-SET-006', 'KF-SET-002'], also: ['KF-TLS-001'] },
  { step: 'rest', ids: ['KF-REST-001'] },
  { step: 'token', ids: ['KF-TOKEN-001'], also: ['KF-CLOCK-001'] },
  { step: 'certificate', ids: ['KF-TLS-001', 'KF-TLS-002'], also: ['KF-CLOCK-001'] },
  { step: 'connect', ids: ['KF-TLS-003', 'KF-ENGINE-001'] },
  { step: 'namespace', ids: ['KF-ENGINE-002'] },
];

/** `unclear`: checked without a result. `unseen`: not checked. */
type Outcome = 'works' | 'fails' | 'restricted' | 'unclear' | 'unseen';

function combineResults(results: readonly (CheckResult | undefined)[]): Outcome {
  const applicable = results.flatMap((result) =>
    result === undefined || result.skipped === 'not-applicable' ? [] : [result],
  );
  if (applicable.some(({ state }) => state === 'fail')) return 'fails';
  if (applicable.some(({ state }) => state === 'unknown' || state === 'crash')) return 'unclear';
  if (applicable.length === 0 || applicable.some(({ skipped }) => skipped === 'blocked' || skipped === 'excluded'))
    return 'unseen';
  // A restricted call does not count as a failure.
  return applicable.every(({ skipped }) => skipped === 'restricted') ? 'restricted' : 'works';
}

const OUTCOME_OF_STATUS: Readonly<Record<WorkerCheckStep['status'], Outcome>> = {
  ok: 'works',
  failed: 'fails',
  unknown: 'unclear',
  skipped: 'unseen',
};

/** Whether the worker stops at GetSystemInfo, which its SDK needs to connect, because the engine restricts that call. */
const stopsAtRestrictedCall = (
  { step, detail }: WorkerCheckStep,
  resultOf: (id: string) => CheckResult | undefined,
): boolean =>
  step === 'connect' && detail.includes('GetSystemInfo') && resultOf('KF-ENGINE-001')?.skipped === 'restricted';

const didNotPass = (result: CheckResult | undefined): boolean =>
  result !== undefined && ['fail', 'unknown', 'crash'].includes(result.state);

/** The worker does not verify the certificate of the REST API, which doctor does. */
const isUnverified = (
  { step }: WorkerCheckStep,
  { isVerificationOff }: DoctorInput,
  resultOf: (id: string) => CheckResult | undefined,
): boolean =>
  step === 'rest' && isVerificationOff && resultOf('KF-REST-001')?.cause?.code.startsWith('rest-tls') === true;

function compareWithWorker(
  steps: readonly WorkerCheckStep[],
  input: DoctorInput,
  resultOf: (id: string) => CheckResult | undefined,
): Finding {
  const finding = (code: string, text: string, facts = {}): Finding => toFinding('KF-WORK-002', code, text, { facts });
  for (const { step: name, ids, also = [] } of STEP_CHECKS) {
    const step = steps.find((one) => one.step === name);
    if (step === undefined) continue;
    const here = combineResults(ids.map(resultOf));
    const worker = OUTCOME_OF_STATUS[step.status];
    const facts = { step: name, here, worker };
    const checks = ids.filter((id) => resultOf(id) !== undefined).join(', ');
    // A server that reports errors with status 200 fails the worker one step later.
    const stopsLater = steps.slice(steps.indexOf(step) + 1).some(isStopped);
    if (here === 'fails' && worker === 'works' && !stopsLater) {
      if (isUnverified(step, input, resultOf))
        return { ...skippedBecauseOf('KF-REST-001', 'The worker does not verify the certificate'), facts };
      return finding(
        'worker-disagrees',
        `Step ${name} works for the worker but fails in doctor (${checks}): ${step.detail}`,
        facts,
      );
    }
    if (!isStopped(step)) continue;
    const blockers = ids.flatMap((id) => resultOf(id)?.blockedBy ?? []);
    const same = [...ids, ...also, ...blockers].find((id) => didNotPass(resultOf(id)));
    if (same !== undefined) return passed(`the worker also stops at ${name}, like ${same}: ${step.detail}`, facts);
    if (worker === 'fails' && (here === 'restricted' || stopsAtRestrictedCall(step, resultOf)))
      return passed(`the worker stops at ${name}, which the engine restricts: ${step.detail}`, facts);
    if (worker === 'unclear') {
      const inDoctor = here === 'works' ? `which works in doctor (${checks})` : 'which doctor could not check';
      return finding(
        'worker-could-not-tell',
        `The worker has no result for step ${name}, ${inDoctor}: ${step.detail}`,
        facts,
      );
    }
    return here === 'works'
      ? finding(
          'worker-disagrees',
          `Step ${name} works in doctor (${checks}) but fails for the worker: ${step.detail}`,
          facts,
        )
      : finding(
          'worker-check-failed',
          `The worker's own check stops at ${name}, which doctor could not check: ${step.detail}`,
          facts,
        );
  }
  const other = steps.find(isStopped);
  if (other !== undefined)
    return finding('worker-check-failed', `The worker's own check stops at ${other.step}: ${other.detail}`);
  return passed('doctor and worker agree');
}

export const workerAgreementCheck: DoctorCheck = {
  id: 'KF-WORK-002',
  title: 'Doctor and worker agreement',
  plane: 'project',
  after: ['KF-CLOCK-001', 'KF-ENGINE-002', 'KF-WORK-001'],
  timeoutMs: 1_000,
  notApplicable: notInstalled,
  run: ({ input, outputs, resultOf }) => {
    const check = outputs.workerCheck;
    return check?.kind === 'answered'
      ? compareWithWorker(check.steps, input, resultOf)
      : skippedAs('not-applicable', "the worker's own check has no result");
  },
};

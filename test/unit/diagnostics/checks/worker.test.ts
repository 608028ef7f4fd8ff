import { describe, expect, it } from 'vitest';
import type { CheckResult, CheckState, SkipReason } from '../../../../src/diagnostics/check.ts';
import { workerAgreementCheck, workerCheck } from '../../../../src/diagnostics/checks/worker.ts';
import type { WorkerCheckStep, DoctorInput, WorkerCheckOptions } from '../../../../src/diagnostics/input.ts';
import { runChecks } from '../../../../src/diagnostics/runner.ts';

type EarlierResult = readonly [id: string, state: CheckState, skipped?: SkipReason, blockedBy?: string];

const STEPS = ['settings', 'rest', 'token', 'certificate', 'connect', 'namespace'] as const;

/** The worker's steps: `ok` before `stop`, `skipped` after it. */
function steps(
  stop?: (typeof STEPS)[number],
  status: WorkerCheckStep['status'] = 'failed',
  detail = 'why',
): readonly WorkerCheckStep[] {
  const at = stop === undefined ? STEPS.length : STEPS.indexOf(stop);
  return STEPS.map((step, index) => ({
    step,
    status: index < at ? 'ok' : index === at ? status : 'skipped',
    detail: index === at ? detail : '',
  }));
}

const HEALTHY: readonly EarlierResult[] = [
  ['KF-SET-001', 'pass'],
  ['KF-SET-006', 'pass'],
  ['KF-SET-002', 'pass'],
  ['KF-REST-001', 'pass'],
  ['KF-CLOCK-001', 'pass'],
  ['KF-TOKEN-001', 'pass'],
  ['KF-TLS-001', 'pass'],
  ['KF-TLS-002', 'skip', 'not-applicable'],
  ['KF-TLS-003', 'pass'],
  ['KF-ENGINE-001', 'pass'],
  ['KF-ENGINE-002', 'pass'],
  ['KF-PROJ-003', 'pass'],
];
const but = (...others: readonly EarlierResult[]): readonly EarlierResult[] =>
  HEALTHY.map((result) => others.find(([id]) => id === result[0]) ?? result);

interface WorkerResults {
  readonly made: CheckResult | undefined;
  readonly agrees: CheckResult | undefined;
  readonly asked: readonly WorkerCheckOptions[];
}

/** Runs both worker checks with the given results of the other checks. */
async function runWorkerChecks(
  workerSteps: readonly WorkerCheckStep[],
  earlierResults: readonly EarlierResult[] = HEALTHY,
  input: Partial<DoctorInput> = {},
): Promise<WorkerResults> {
  const asked: WorkerCheckOptions[] = [];
  const given = {
    timeoutMs: 15_000,
    material: { kind: 'given' },
    project: {
      workerCheck: (options: WorkerCheckOptions) => {
        asked.push(options);
        return Promise.resolve({ kind: 'answered', status: 1, steps: workerSteps });
      },
    },
    ...input,
  } as unknown as DoctorInput;
  const earlier = earlierResults.map(([id, state, skipped, blockedBy]): CheckResult => ({
    ...{ id, title: id, plane: 'engine', docs: id, state, summary: '', facts: {}, advice: [], ms: 0 },
    ...(skipped && { skipped }),
    ...(blockedBy && { blockedBy }),
  }));
  const placeholders = earlier.map(({ id }) => ({
    ...{ id, title: id, plane: 'engine' as const, timeoutMs: 1 },
    run: () => Promise.reject(new Error('must not run')),
  }));
  const results = await runChecks<DoctorInput>([...placeholders, workerCheck, workerAgreementCheck], given, {
    earlier,
  });
  const of = (id: string): CheckResult | undefined => results.find((result) => result.id === id);
  return { made: of('KF-WORK-001'), agrees: of('KF-WORK-002'), asked };
}

const verdict = ({ agrees }: WorkerResults): string =>
  [agrees?.state, agrees?.cause?.code].filter((part) => part !== undefined).join(' ');

describe("doctor and the worker's own check", () => {
  it('agree if both come to the same result', async () => {
    expect((await runWorkerChecks(steps())).agrees).toMatchObject({
      state: 'pass',
      summary: 'doctor and worker agree',
    });
    const both = await runWorkerChecks(steps('rest'), but(['KF-REST-001', 'fail']));
    expect(both.agrees?.state).toBe('pass');
    expect(both.agrees?.summary).toContain('like KF-REST-001');
    expect(verdict(await runWorkerChecks(steps('rest', 'unknown'), but(['KF-REST-001', 'unknown'])))).toBe('pass');
    // KuFlow is busy: unknown for doctor, a failure for the worker.
    expect(verdict(await runWorkerChecks(steps('rest'), but(['KF-REST-001', 'unknown'])))).toBe('pass');
  });

  it('agree if the engine restricts the call, whatever the worker reports', async () => {
    const restricted = but(['KF-ENGINE-001', 'skip', 'restricted'], ['KF-ENGINE-002', 'skip', 'restricted']);
    for (const status of ['failed', 'skipped', 'ok'] as const)
      expect(verdict(await runWorkerChecks(steps('namespace', status), restricted)), status).toBe('pass');
    // Its SDK needs GetSystemInfo to connect; stopping there for another reason is a disagreement.
    const missing =
      "TransportError: Failed to call GetSystemInfo: code: 'Operation is not implemented or not supported'";
    const same = await runWorkerChecks(steps('connect', 'failed', missing), restricted);
    expect(verdict(same)).toBe('pass');
    expect(same.agrees?.summary).toContain(missing);
    expect(verdict(await runWorkerChecks(steps('connect', 'failed', missing)))).toBe('fail worker-disagrees');
    expect(verdict(await runWorkerChecks(steps('connect'), restricted))).toBe('fail worker-disagrees');
  });

  it('disagree if one works and the other fails', async () => {
    expect(verdict(await runWorkerChecks(steps('connect')))).toBe('fail worker-disagrees');
    expect(verdict(await runWorkerChecks(steps(), but(['KF-REST-001', 'fail'])))).toBe('fail worker-disagrees');
  });

  it('leave the result open if the worker could not tell and doctor found no failure', async () => {
    const silent = await runWorkerChecks(steps('connect', 'unknown', 'no result within the time limit of 13 s'));
    expect(verdict(silent)).toBe('unknown worker-could-not-tell');
    expect(silent.agrees?.cause?.text).toContain('no result within the time limit of 13 s');
    const unseen = but(['KF-TLS-003', 'skip', 'excluded'], ['KF-ENGINE-001', 'skip', 'blocked']);
    expect(verdict(await runWorkerChecks(steps('connect', 'unknown'), unseen))).toBe('unknown worker-could-not-tell');
    expect(verdict(await runWorkerChecks(steps('connect'), unseen))).toBe('fail worker-check-failed');
  });

  it('report one root cause if the worker meets the same problem at another step', async () => {
    expect(verdict(await runWorkerChecks(steps('settings'), but(['KF-TLS-001', 'fail'])))).toBe('pass');
    expect(verdict(await runWorkerChecks(steps('certificate'), but(['KF-CLOCK-001', 'fail'])))).toBe('pass');
    const blocked: EarlierResult = ['KF-TLS-003', 'skip', 'blocked', 'KF-CLOCK-001'];
    expect(verdict(await runWorkerChecks(steps('connect'), but(['KF-CLOCK-001', 'fail'], blocked)))).toBe('pass');
  });
});

describe("the worker's own check", () => {
  it('gets slightly less time than the whole run', async () => {
    const { asked } = await runWorkerChecks(steps());
    expect(asked.map(({ limitMs }) => limitMs)).toEqual([13_000]);
    const quick = await runWorkerChecks(steps(), HEALTHY, { timeoutMs: 2_000 });
    expect(quick.asked.map(({ limitMs }) => limitMs)).toEqual([1_500]);
  });

  it('lists only what it created', async () => {
    const requested = { material: { kind: 'requested' } } as const;
    const of = async (...call: Parameters<typeof runWorkerChecks>): Promise<string | undefined> =>
      (await runWorkerChecks(...call)).made?.created;
    expect(await of(steps(), HEALTHY, requested)).toBe(
      "engine token and engine certificate (by the worker's own check)",
    );
    expect(await of(steps())).toBe("engine token (by the worker's own check)");
    expect(await of(steps('certificate'), HEALTHY, requested)).toBe("engine token (by the worker's own check)");
    expect(await of(steps('token'), HEALTHY, requested)).toBeUndefined();
    expect(await of(steps('settings'), HEALTHY, requested)).toBeUndefined();
  });

  it('is skipped for credentials from a profile, which workers do not read', async () => {
    const { made, agrees, asked } = await runWorkerChecks(steps('settings'), HEALTHY, { profile: 'work' });
    expect(made).toMatchObject({ state: 'warn', cause: { code: 'worker-reads-no-profiles' } });
    expect(made?.advice.map(({ command }) => command)).toContain('<kuflow> credentials pull --profile work');
    expect(agrees).toMatchObject({ state: 'skip' });
    expect(asked).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { CheckResult, CheckState, SkipReason } from '../../../../src/diagnostics/check.ts';
import { workerAgrees, workerCheck } from '../../../../src/diagnostics/checks/worker.ts';
import type { DoctorFound, DoctorInput, WorkerCheckOptions, WorkerStep } from '../../../../src/diagnostics/input.ts';
import { runChecks } from '../../../../src/diagnostics/runner.ts';

type Twin = readonly [id: string, state: CheckState, skipped?: SkipReason, blockedBy?: string];

const STEPS = ['settings', 'rest', 'token', 'certificate', 'connect', 'namespace'] as const;

/** The worker's steps: all `ok` up to one that ends otherwise, what comes after it skipped. */
function steps(
  stop?: (typeof STEPS)[number],
  status: WorkerStep['status'] = 'failed',
  detail = 'why',
): readonly WorkerStep[] {
  const at = stop === undefined ? STEPS.length : STEPS.indexOf(stop);
  return STEPS.map((step, index) => ({
    step,
    status: index < at ? 'ok' : index === at ? status : 'skipped',
    detail: index === at ? detail : '',
  }));
}

const HEALTHY: readonly Twin[] = [
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
];
const but = (...others: readonly Twin[]): readonly Twin[] =>
  HEALTHY.map((twin) => others.find(([id]) => id === twin[0]) ?? twin);

interface Judged {
  readonly made: CheckResult | undefined;
  readonly agrees: CheckResult | undefined;
  readonly asked: readonly WorkerCheckOptions[];
}

/** Both checks of the worker beside results of ours that are as they are said to be. */
async function judge(
  workerSteps: readonly WorkerStep[],
  twins: readonly Twin[] = HEALTHY,
  input: Partial<DoctorInput> = {},
): Promise<Judged> {
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
  const earlier = twins.map(([id, state, skipped, blockedBy]): CheckResult => ({
    ...{ id, title: id, plane: 'engine', docs: id, state, summary: '', facts: {}, advice: [], ms: 0 },
    ...(skipped && { skipped }),
    ...(blockedBy && { blockedBy }),
  }));
  const stand = earlier.map(({ id }) => ({
    ...{ id, title: id, plane: 'engine' as const, docs: id, requires: [], offline: true, timeoutMs: 1 },
    run: () => Promise.reject(new Error('not asked')),
  }));
  const results = await runChecks<DoctorInput, DoctorFound>([...stand, workerCheck, workerAgrees], given, { earlier });
  const of = (id: string): CheckResult | undefined => results.find((result) => result.id === id);
  return { made: of('KF-WORK-001'), agrees: of('KF-WORK-002'), asked };
}

const verdict = ({ agrees }: Judged): string =>
  [agrees?.state, agrees?.cause?.code].filter((part) => part !== undefined).join(' ');

describe("doctor and the worker's own check", () => {
  it('agree where both see the same', async () => {
    expect((await judge(steps())).agrees).toMatchObject({ state: 'pass', summary: 'both see the same' });
    const both = await judge(steps('rest'), but(['KF-REST-001', 'fail']));
    expect(both.agrees?.state).toBe('pass');
    expect(both.agrees?.summary).toContain('as KF-REST-001 does');
    expect(verdict(await judge(steps('rest', 'unknown'), but(['KF-REST-001', 'unknown'])))).toBe('pass');
    // KuFlow is busy: doctor could not tell, and to the worker it is a failure.
    expect(verdict(await judge(steps('rest'), but(['KF-REST-001', 'unknown'])))).toBe('pass');
  });

  it('agree where the engine restricts the call, whatever the worker makes of that', async () => {
    const restricted = but(['KF-ENGINE-001', 'skip', 'restricted'], ['KF-ENGINE-002', 'skip', 'restricted']);
    for (const status of ['failed', 'skipped', 'ok'] as const)
      expect(verdict(await judge(steps('namespace', status), restricted)), status).toBe('pass');
    // Its SDK connects by GetSystemInfo; a worker that stops there for another reason sees something else.
    const missing =
      "TransportError: Failed to call GetSystemInfo: code: 'Operation is not implemented or not supported'";
    const same = await judge(steps('connect', 'failed', missing), restricted);
    expect(verdict(same)).toBe('pass');
    expect(same.agrees?.summary).toContain(missing);
    expect(verdict(await judge(steps('connect', 'failed', missing)))).toBe('fail worker-disagrees');
    expect(verdict(await judge(steps('connect'), restricted))).toBe('fail worker-disagrees');
  });

  it('disagree where one works and the other fails', async () => {
    expect(verdict(await judge(steps('connect')))).toBe('fail worker-disagrees');
    expect(verdict(await judge(steps(), but(['KF-REST-001', 'fail'])))).toBe('fail worker-disagrees');
  });

  it('leave it open where the worker could not tell, and doctor sees that it works or does not see it', async () => {
    const silent = await judge(steps('connect', 'unknown', 'no result within 13 s, the time limit of the check'));
    expect(verdict(silent)).toBe('unknown worker-could-not-tell');
    expect(silent.agrees?.cause?.text).toContain('no result within 13 s');
    const unseen = but(['KF-TLS-003', 'skip', 'excluded'], ['KF-ENGINE-001', 'skip', 'blocked']);
    expect(verdict(await judge(steps('connect', 'unknown'), unseen))).toBe('unknown worker-could-not-tell');
    expect(verdict(await judge(steps('connect'), unseen))).toBe('fail worker-check-failed');
  });

  it('are one root where the worker meets the same fault at another step', async () => {
    expect(verdict(await judge(steps('settings'), but(['KF-TLS-001', 'fail'])))).toBe('pass');
    expect(verdict(await judge(steps('certificate'), but(['KF-CLOCK-001', 'fail'])))).toBe('pass');
    const blocked: Twin = ['KF-TLS-003', 'skip', 'blocked', 'KF-CLOCK-001'];
    expect(verdict(await judge(steps('connect'), but(['KF-CLOCK-001', 'fail'], blocked)))).toBe('pass');
  });
});

describe("the worker's own check", () => {
  it('is given a little less time than the whole run has', async () => {
    const { asked } = await judge(steps());
    expect(asked.map(({ limitMs }) => limitMs)).toEqual([13_000]);
    const quick = await judge(steps(), HEALTHY, { timeoutMs: 2_000 });
    expect(quick.asked.map(({ limitMs }) => limitMs)).toEqual([1_500]);
  });

  it('lists what it got as far as making, and nothing else', async () => {
    const requested = { material: { kind: 'requested' } } as const;
    const of = async (...call: Parameters<typeof judge>): Promise<string | undefined> =>
      (await judge(...call)).made?.created;
    expect(await of(steps(), HEALTHY, requested)).toBe(
      "engine token and engine certificate (by the worker's own check)",
    );
    expect(await of(steps())).toBe("engine token (by the worker's own check)");
    expect(await of(steps('certificate'), HEALTHY, requested)).toBe("engine token (by the worker's own check)");
    expect(await of(steps('token'), HEALTHY, requested)).toBeUndefined();
    expect(await of(steps('settings'), HEALTHY, requested)).toBeUndefined();
  });

  it('is left out where the credentials are those of a profile, which no worker reads', async () => {
    const { made, agrees, asked } = await judge(steps('settings'), HEALTHY, { profile: 'work' });
    expect(made).toMatchObject({ state: 'warn', cause: { code: 'worker-reads-no-profiles' } });
    expect(made?.advice.map(({ command }) => command)).toContain('<kuflow> credentials pull --profile work');
    expect(agrees).toMatchObject({ state: 'skip' });
    expect(asked).toEqual([]);
  });
});

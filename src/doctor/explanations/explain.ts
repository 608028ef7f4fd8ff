import { engineAdvice, type EnginePlace } from '../advice.ts';
import type { Advice, Plane } from '../check.ts';
import { ENGINE_CAUSE_CHECKS } from '../cause-checks.ts';
import { explainedSteps, explanations } from '../explained.ts';
import { registry } from '../registry.ts';

/** All that is known of a check before it is made. */
export interface CheckExplanation {
  readonly id: string;
  readonly title: string;
  readonly plane: Plane;
  /** Anchor in docs/doctor.md. */
  readonly docs: string;
  readonly looksAt: string;
  readonly requires: readonly string[];
  readonly offline: boolean;
  readonly creates?: string;
  readonly timeoutMs: number;
  readonly causes: readonly {
    readonly code: string;
    readonly verdict?: 'fail' | 'warn' | 'unknown';
    readonly when?: string;
    readonly advice: readonly Advice[];
  }[];
}

/** Stands for what only a run knows. */
const PLACE: EnginePlace = {
  host: 'HOST',
  port: 443,
  serverName: 'HOST',
  targetSource: 'temporal.target',
  endpoint: 'the endpoint',
  namespaceSource: 'temporal.namespace',
};

/** Every check with its explanation, in the order of results. */
export function explainAll(): readonly CheckExplanation[] {
  return registry.map(({ id, title, plane, docs, requires, offline, creates, timeoutMs }) => {
    const { looksAt, causes } = explanations[id] ?? { looksAt: title, causes: {} };
    return {
      ...{ id, title, plane, docs, looksAt, requires, offline, timeoutMs },
      ...(creates !== undefined && { creates }),
      causes: [
        ...Object.entries(causes).map(([code, { verdict, when }]) => ({
          ...{ code, verdict, when },
          advice: explainedSteps(id, code),
        })),
        ...(ENGINE_CAUSE_CHECKS[id] ?? []).map((code) => ({ code, advice: engineAdvice(code, PLACE) })),
      ],
    };
  });
}

import { KnownError } from '../../base/errors.ts';
import type { Check, Finding } from '../check.ts';
import type { DoctorFound, DoctorInput, Drift, ProjectView } from '../input.ts';
import { toFinding } from '../explain-finding.ts';

type DoctorCheck = Check<DoctorInput, DoctorFound>;

const noProject = ({ project }: DoctorInput): string | undefined =>
  project === undefined ? 'no worker project here' : undefined;

export function projectOf(input: DoctorInput): ProjectView {
  if (input.project === undefined) throw new Error('asked without a project');
  return input.project;
}

export const definitionDrift: DoctorCheck = {
  id: 'KF-PROJ-001',
  title: 'Definition and generated code',
  plane: 'project',
  docs: 'kf-proj-001',
  requires: [],
  offline: true,
  timeoutMs: 8_000,
  notApplicable: noProject,
  run: async ({ input }) => {
    const project = projectOf(input);
    let processes;
    let drift;
    try {
      [processes, drift] = [await project.processes(), await project.drift()];
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      return toFinding({
        ...{ id: 'KF-PROJ-001', code: 'definition-broken', text: oneSentence(error.message) },
        values: { file: error.tried ?? 'what is named' },
      });
    }
    const files = drift.kind === 'compared' ? drift.files : [];
    const stale = files.filter(({ how }) => how !== 'edited');
    const edited = files.filter(({ how }) => how === 'edited').map(({ path }) => path);
    const facts = {
      processes: processes.map(({ code }) => code),
      ...(drift.kind === 'not-compared' && { notCompared: `made by ${drift.madeBy}, this is ${drift.version}` }),
      ...(edited.length > 0 && { editedByHand: edited }),
      ...(stale.length > 0 && { drift: stale.map(({ path, how }) => `${path}: ${how}`) }),
    };
    if (stale.length > 0) {
      const paths = stale.map(({ path }) => path).join(', ');
      const text = `Generated code is not what the definition says now: ${paths}`;
      return toFinding({
        ...{ id: 'KF-PROJ-001', code: 'definition-drift', text, facts },
        values: { files: paths },
      });
    }
    const other = processes.find(({ taskQueue }) => input.queue !== undefined && taskQueue !== input.queue.value);
    if (other !== undefined && input.queue !== undefined) {
      return toFinding({
        ...{ id: 'KF-PROJ-001', code: 'definition-queue-differs', facts },
        text: `${other.file} names the task queue ${other.taskQueue}, and the settings ${input.queue.value} (${input.queue.source})`,
        values: { file: other.file, source: input.queue.source },
      });
    }
    return { state: 'pass', summary: `${facts.processes.join(', ')}, ${about(drift, edited.length)}`, facts };
  },
};

/** Of a message whose rows list what is wrong. */
function oneSentence(message: string): string {
  return message.replace(/:\n\s*/, ': ').replaceAll(/\n\s*/g, '; ');
}

function about(drift: Drift, edited: number): string {
  if (drift.kind === 'not-compared')
    return `generated code not compared: version ${drift.madeBy} of this tool made it, and this is ${drift.version}`;
  return edited === 0 ? 'as generated' : `${edited} generated files edited by hand`;
}

export const nodeVersion: DoctorCheck = {
  id: 'KF-PROJ-003',
  title: 'Node.js',
  plane: 'project',
  docs: 'kf-proj-003',
  requires: [],
  offline: true,
  timeoutMs: 1_000,
  notApplicable: noProject,
  run: ({ input }) => Promise.resolve(judgeNode(input.nodeVersion)),
};

/** What the worker's packages run on. */
const NEEDED = [20, 19] as const;

function judgeNode(version: string): Finding<never> {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const facts = { node: version };
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]))
    return { state: 'pass', summary: version, facts };
  const wanted = `${NEEDED.join('.')} or newer`;
  const text = `Node.js ${version} runs here; the worker needs ${wanted}`;
  return toFinding({ id: 'KF-PROJ-003', code: 'node-too-old', text, facts, values: { wanted } });
}

import type { ProjectSpec } from '../project-spec.ts';
import { hash } from '../../text/identifiers.ts';
import { portableWord } from '../../text/shell.ts';
import { Code } from '../templates/code.ts';
import { packageManagerContext } from './package-manager-commands.ts';
import { processContext } from './process-context.ts';
import { processLayout } from './layout.ts';

/** What the templates read, those of the first process among them. Texts are printed by language helpers only; `Code` was made by our own generators. */
export function templateContext(spec: ProjectSpec): object {
  const { definition, additionalProcesses: further = [], choices = {} } = spec;
  const places = further.map((process) => ({ process, place: processLayout(process.slug) }));
  return {
    name: spec.name,
    cliPackage: spec.cliPackage,
    smokeScript: smokeScript(definition.process.code),
    local: spec.local,
    deployName: deployName(spec.name),
    deployNameText: new Code(deployName(spec.name)),
    image: `${deployName(spec.name)}:latest`,
    ...packageManagerContext(spec.packageManager),
    ...processContext({
      definition,
      layout: processLayout(),
      choices,
      otherWorkflows: places.map(({ place }) => place.workflows),
      otherActivities: places
        .filter(({ process }) => process.definition.tasks.some(({ kind }) => kind === 'system'))
        .map(({ place }) => place.activities),
    }),
  };
}

/** Without its code, a simulation takes the only process of the project. */
function smokeScript(code: string): string {
  const word = portableWord(code);
  return `kuflow dev simulate ${word === undefined ? '' : `${word} `}-- node --import tsx src/main.ts --dev`;
}

/** A DNS label, as names of Kubernetes objects have to be. */
function deployName(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^[^a-z]+|-+$/g, '');
  return label === '' ? `worker-${hash(name, 8)}` : label;
}

import { hash } from '../base/identifiers.ts';
import { Code } from './templates/code.ts';

/** What the worker of a language needs from Kubernetes. */
export interface Resources {
  readonly memory: `${number}Mi`;
  /** Whether it writes temporary files. Its other files are read-only. */
  readonly writesTmp: boolean;
}

/** The context of the Kubernetes manifests of a project with this name. */
export function deploymentContext(name: string, { memory, writesTmp }: Resources) {
  const label = deployName(name);
  return {
    deployName: label,
    deployNameText: new Code(label),
    image: `${label}:latest`,
    memory: new Code(memory),
    writesTmp,
  };
}

/** A DNS label, as required for names of Kubernetes objects. */
function deployName(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^[^a-z]+|-+$/g, '');
  return label === '' ? `worker-${hash(name, 8)}` : label;
}

import { hash } from '../text/identifiers.ts';
import { Code } from './templates/code.ts';

/** The context of the Kubernetes manifests of a project with this name. */
export function deploymentContext(name: string) {
  const label = deployName(name);
  return { deployName: label, deployNameText: new Code(label), image: `${label}:latest` };
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

import { hash } from '../base/identifiers.ts';
import { portableWord } from '../base/shell.ts';
import { containsLibrary, libraryBuildContext, libraryFolder } from './worker-library.ts';
import { LANGUAGES } from './language-ids.ts';
import type { ProjectSpec } from './project-spec.ts';
import { Code } from './templates/code.ts';

/** What the worker of a language needs from Kubernetes. */
interface Resources {
  readonly memory: `${number}Mi`;
  /** Whether it writes temporary files. Its other files are read-only. */
  readonly writesTmp: boolean;
}

/**
 * What the templates of every language use, apart from the processes of the project. `readme`: what the README says about a project in this
 * language. Its commands are for Linux and macOS, and `runTask` is what comes before `dev` or `test`.
 */
export function projectContext(
  spec: ProjectSpec,
  { memory, writesTmp }: Resources,
  readme: Readonly<Record<string, string>>,
) {
  const { name, language, workspace, processes } = spec;
  const code = portableWord(processes[0].definition.process.code);
  const label = deployName(name);
  return {
    name,
    languageTitle: LANGUAGES[language],
    ...Object.fromEntries(Object.entries(readme).map(([key, text]) => [key, new Code(text)])),
    npmPackage: `create-kuflow-worker@${spec.cliPackage}`,
    isTypeScript: language === 'typescript',
    isJava: language === 'java',
    isPython: language === 'python',
    // Projects in TypeScript have the program among their dependencies.
    hasScript: language !== 'typescript',
    isMember: workspace !== undefined,
    containsLibrary: containsLibrary(spec),
    libraryFolder: new Code(libraryFolder(spec)),
    buildContexts: new Code(libraryBuildContext(spec)),
    // Without a code, the simulation runs the only process of the project.
    simulateArguments: new Code(code === undefined ? '' : `${code} `),
    // For the Kubernetes manifests.
    deployName: label,
    deployNameText: new Code(label),
    image: `${label}:latest`,
    memory: new Code(memory),
    writesTmp,
  };
}

/** A DNS label, as required for names of Kubernetes objects. */
export function deployName(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^[^a-z]+|-+$/g, '');
  return label === '' ? `worker-${hash(name, 8)}` : label;
}

import type { Secret } from '../base/secret.ts';
import type { ProcessDefinition } from '../process/definition.ts';

export type Language = 'typescript';
export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun';

/** Where the process definition came from. */
export type DefinitionSource = 'sample' | 'file' | 'flags' | 'api';

/** Everything that decides what a generated project looks like. */
export interface Answers {
  /** Project (and npm package) name. */
  readonly name: string;
  readonly language: Language;
  readonly definition: ProcessDefinition;
  readonly definitionSource: DefinitionSource;
  /** Comments for the top of the definition file: the evidence of a discovery. */
  readonly definitionNotes?: readonly string[];
  /** Made for the local platform: no endpoint and no secret is written. */
  readonly local: boolean;
  readonly packageManager: PackageManager;
  /** npm spec of this CLI in the generated project's development dependencies. */
  readonly cliPackage: string;
  /** Written to application-local.yaml (0600, ignored by git) unless `local`. */
  readonly connection?: {
    readonly endpoint?: string;
    readonly clientId?: string;
    readonly clientSecret?: Secret;
    readonly tenantId?: string;
    readonly target?: string;
    readonly ca?: string;
  };
}

import type { KnownError } from '../../../base/errors.ts';
import type { Secret } from '../../../base/secret.ts';
import type { ProcessDefinition } from '../../../process/definition.ts';
import type { DiscoveredProcess, ProcessListing } from '../../../discovery/types.ts';
import type { Prompts } from '../../../terminal/prompts.ts';
import type { FoundCredentials, ProcessSource } from '../call.ts';
import type { CreateFlags } from '../flags.ts';

/** What a question is about; also the key of the answer that is offered again when somebody comes back to it. */
export type Topic =
  | 'source'
  | 'file'
  | 'account'
  | 'profile'
  | 'client-id'
  | 'client-secret'
  | 'credentials'
  | 'listing'
  | 'listed'
  | 'process'
  | 'sample'
  | 'discovery'
  | 'review'
  | 'task'
  | 'task-kind'
  | 'task-schema'
  | 'task-queue'
  | 'workflow-type'
  | 'folder'
  | 'copy'
  | 'package-manager'
  | 'git'
  | 'install'
  | 'summary';

/** Everything that was said so far. Each answer makes a new one, so that going back is taking an older one. */
export interface WizardState {
  readonly folder?: string;
  readonly flags: CreateFlags;
  /** The client secret, when it was typed. */
  readonly secret?: Secret;
  /** Client id and secret are to be typed, whatever else would give them. */
  readonly typed?: true;
  readonly source?: ProcessSource;
  readonly settled: ReadonlySet<Topic>;
  /** The definition file that was named, once it was read. */
  readonly definition?: ProcessDefinition;
  readonly listing?: ProcessListing;
  readonly discovered?: DiscoveredProcess;
  /** Code of the task that is being described. */
  readonly task?: string;
  /** Code of the task whose data is asked for. */
  readonly shapeOf?: string;
}

/** `answered`: a person was asked. `passed`: nobody was, so that there is nothing to go back to. */
export type StepResult =
  | { readonly kind: 'answered'; readonly state: WizardState; readonly answer?: string }
  | { readonly kind: 'passed'; readonly state: WizardState }
  | { readonly kind: 'back' };

/** One question, or one thing to look up. */
export interface Step {
  readonly topic: Topic;
  readonly isOpen: (state: WizardState, world: WizardContext) => boolean;
  readonly run: (state: WizardState, world: WizardContext, place: StepPlace) => Promise<StepResult>;
}

export interface StepPlace {
  readonly canGoBack: boolean;
  /** The answer that was given before somebody went back. */
  readonly before: string | undefined;
}

/** What the summary says before anything is written. */
export interface Preview {
  readonly folder: string;
  readonly files: { readonly create: number; readonly identical: number; readonly overwrite: number };
  readonly definition: ProcessDefinition;
  /** Where the KuFlow is that the credentials are for; absent where none were given. */
  readonly endpoint?: string;
}

/** The world as the wizard meets it. Each look-up rejects with a KnownError that says what was seen. */
export interface WizardContext {
  readonly ask: Prompts;
  readonly say: WizardVoice;
  /** Absolute. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Options that were given on the command line and so are not asked for, by their key in `CreateFlags`. */
  readonly given: ReadonlySet<keyof CreateFlags>;
  /** Where client id and secret are found without asking. */
  readonly found: () => FoundCredentials | undefined;
  /** Looks for credentials anew, which somebody may have mended meanwhile. */
  readonly lookAgain: () => Promise<void>;
  /** Variables that are set here and give client id or secret: a worker takes them over its files. */
  readonly variables: readonly string[];
  /** Where the KuFlow of the profile in use is, as options; nothing when none is in use. */
  readonly placeOfProfile: (state: WizardState) => Promise<Pick<CreateFlags, 'endpoint' | 'target' | 'ca'>>;
  /** The credentials that were found in a file, to be handled as typed ones. */
  readonly inFile: (state: WizardState) => Promise<{ readonly clientId: string; readonly secret: Secret } | undefined>;
  /** Whether what names the credentials can be read at all. */
  readonly isUsable: (state: WizardState) => Promise<boolean>;
  readonly detectedManager: string;
  readonly isInstalled: (program: string) => boolean;
  readonly isInRepository: (folder: string) => boolean;
  readonly loadDefinition: (path: string) => Promise<ProcessDefinition>;
  /** Why the file (an absolute path) holds no usable JSON Schema. */
  readonly schemaProblem: (file: string) => Promise<string | undefined>;
  /** Asks KuFlow who the credentials belong to, in a sentence. */
  readonly verify: (state: WizardState) => Promise<string>;
  readonly list: (state: WizardState) => Promise<ProcessListing>;
  readonly discover: (state: WizardState, code: string) => Promise<DiscoveredProcess>;
  /** Plans the project and compares it with the folder; writes nothing. */
  readonly preview: (state: WizardState) => Promise<Preview>;
}

/** What the wizard says between questions. */
export interface WizardVoice {
  readonly intro: () => void;
  readonly done: (text: string) => void;
  readonly note: (text: string) => void;
  readonly problem: (error: KnownError) => void;
  readonly process: (discovered: DiscoveredProcess, definition: ProcessDefinition) => void;
  readonly summary: (rows: readonly (readonly [label: string, value: string])[]) => void;
}

export function settle(state: WizardState, topic: Topic, over: Partial<WizardState> = {}): WizardState {
  return { ...state, ...over, settled: new Set([...state.settled, topic]) };
}

export function without(state: WizardState, keys: readonly (keyof WizardState)[]): WizardState {
  return Object.fromEntries(
    Object.entries(state).filter(([key]) => !keys.some((one) => one === key)),
  ) as unknown as WizardState;
}

export function withFlags(state: WizardState, flags: Partial<CreateFlags>): WizardState {
  return { ...state, flags: { ...state.flags, ...flags } };
}

export function withoutFlags(state: WizardState, keys: readonly (keyof CreateFlags)[]): WizardState {
  const kept = Object.entries(state.flags).filter(([key]) => !keys.some((one) => one === key));
  return { ...state, flags: Object.fromEntries(kept) as unknown as CreateFlags };
}

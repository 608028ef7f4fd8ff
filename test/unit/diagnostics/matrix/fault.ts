import { execa } from 'execa';
import type { Answerer } from '../../../support/answering-server.ts';
import type { TestAuthority, TestPair } from '../../../support/certificates.ts';
import type { EngineStubOptions } from '../../../support/engine-server.ts';
import type { RunDoctorChecksRequest } from '../../../../src/commands/doctor/run-checks.ts';
import { formatAdvice, type Advice } from '../../../../src/base/advice.ts';
import type { ProjectProbe } from '../../../../src/diagnostics/input.ts';

/** A working setup for a fault to break. `diagnoseWithFaults` turns it into real files and servers. */
export interface TestSetup {
  /** Absolute; `application.yaml` and `application-local.yaml` are written into it from `settings` and `local`. */
  readonly folder: string;
  readonly authority: TestAuthority;
  readonly other: TestAuthority;
  readonly client: TestPair;
  /** Flat keys of application.yaml; set to undefined to leave one out. */
  readonly settings: Record<string, string | undefined>;
  readonly local: Record<string, string | undefined>;
  readonly env: Record<string, string>;
  /** PEM files of the set, by name. */
  readonly files: Record<string, string | Buffer>;
  readonly modes: Record<string, number>;
  /** Run after the files have been written. */
  readonly afterwards: (() => void | Promise<void>)[];
  rest: Answerer;
  restTls: TestPair | undefined;
  /** Overrides the address of the REST server. */
  endpoint: ((port: number) => string) | undefined;
  engine: Partial<EngineStubOptions>;
  /** Overrides the address of the engine. */
  target: ((port: number) => string) | undefined;
  /** Undoes what another party did wrong, which no setting can. */
  repair: (() => void) | undefined;
  /** Milliseconds by which this machine's clock is ahead. */
  skew: number;
  request: Partial<RunDoctorChecksRequest>;
  project: Partial<ProjectProbe> | undefined;
  /** Registers a server to close at the end. */
  readonly keep: <T extends { close(): Promise<unknown> }>(opened: T) => T;
}

export interface Fault {
  /** What is broken, in a few words. */
  readonly name: string;
  /** `KF-… state code` of the one root cause. */
  readonly root: string;
  readonly make: (setup: TestSetup) => void | Promise<void>;
  /** Does what the advice says. Afterwards, doctor must not find anything. */
  readonly follow?: Follow | undefined;
}

/** `advice`: that of the root. `rewrite`: writes the files again, after a change to the settings of the setup. */
export type Follow = (setup: TestSetup, advice: readonly Advice[], rewrite: () => void) => void | Promise<void>;

export const fault = (name: string, root: string, make: Fault['make'], follow?: Follow): Fault => ({
  ...{ name, root, make, follow },
});

/** Follows the advice that matches `pattern`, whose groups say what to do. Fails if there is no such advice. */
export const following =
  (pattern: RegExp, act: (setup: TestSetup, ...groups: readonly string[]) => void | Promise<void>): Follow =>
  async (setup, advice, rewrite) => {
    const match = advice.map((one) => pattern.exec(formatAdvice(one))).find((found) => found !== null);
    if (match === undefined) throw noAdvice(String(pattern), advice);
    await act(setup, ...match.slice(1));
    rewrite();
  };

/** Runs the first command of the advice, in a shell in the folder of the setup with its environment. `suffix` is added to it. */
export const runningCommand =
  (read?: (setup: TestSetup, output: string) => void, suffix = ''): Follow =>
  async (setup, advice) => {
    const command = advice.find((one) => one.command !== undefined)?.command;
    if (command === undefined) throw noAdvice('a command', advice);
    const { stdout } = await execa('sh', ['-ec', command + suffix], {
      ...{ cwd: setup.folder, env: { PATH: process.env['PATH'], ...setup.env }, extendEnv: false },
    });
    read?.(setup, stdout);
  };

const noAdvice = (wanted: string, advice: readonly Advice[]): Error =>
  new Error(`no advice with ${wanted}:\n${advice.map(formatAdvice).join('\n')}`);

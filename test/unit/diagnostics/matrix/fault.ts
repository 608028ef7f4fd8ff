import type { Answerer } from '../../../support/answering-server.ts';
import type { TestAuthority, TestPair } from '../../../support/certificates.ts';
import type { EngineStubOptions } from '../../../support/engine-server.ts';
import type { RunDoctorChecksRequest } from '../../../../src/commands/doctor/run-checks.ts';
import type { ProjectProbe } from '../../../../src/diagnostics/input.ts';

/** A set-up in which everything works, before something of it is broken. What is set here is made real when the setup is opened. */
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
  /** Steps after the files were written. */
  readonly afterwards: (() => void | Promise<void>)[];
  rest: Answerer;
  restTls: TestPair | undefined;
  /** In place of the REST server's own address. */
  endpoint: ((port: number) => string) | undefined;
  engine: Partial<EngineStubOptions>;
  /** In place of the engine's own address. */
  target: ((port: number) => string) | undefined;
  /** Milliseconds by which this machine's clock is ahead. */
  skew: number;
  request: Partial<RunDoctorChecksRequest>;
  project: Partial<ProjectProbe> | undefined;
  /** Closed at the end. */
  readonly keep: <T extends { close(): Promise<unknown> }>(opened: T) => T;
}

export interface Fault {
  /** What is broken, in a few words. */
  readonly name: string;
  /** `KF-… state code` of the one root cause. */
  readonly root: string;
  readonly make: (setup: TestSetup) => void | Promise<void>;
}

export const fault = (name: string, root: string, make: Fault['make']): Fault => ({ name, root, make });

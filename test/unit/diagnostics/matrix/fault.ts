import type { Answerer } from '../../../support/answering-server.ts';
import type { TestAuthority, TestPair } from '../../../support/certificates.ts';
import type { EngineStubOptions } from '../../../support/engine-server.ts';
import type { RunDoctorChecksRequest } from '../../../../src/commands/doctor/run-checks.ts';
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
}

export const fault = (name: string, root: string, make: Fault['make']): Fault => ({ name, root, make });

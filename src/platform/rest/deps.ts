import type { ConsoleHeader, PartStatus } from '../shared/dev-contract.ts';
import type { EventHub, EventStreams } from '../console/live-events.ts';
import type { PageFiles } from '../console/page.ts';
import type { OpenCodes } from '../console/open-codes.ts';
import type { RequestRecorder } from '../console/request-recorder.ts';
import type { WorkerWatch } from '../console/worker-watch.ts';
import type { Domain } from '../domain/context.ts';
import type { EngineTokenReader } from '../domain/credentials.ts';
import type { RetryQueue } from '../domain/retry-queue.ts';
import type { FaultRegistry } from '../shared/faults.ts';
import type { FailingWork } from '../temporal/failing-work.ts';
import type { PlatformAccess } from '../shared/platform-environment.ts';
import type { PlatformIdentity } from '../shared/types.ts';
import type { TimeSkipper } from '../time/time-skipper.ts';
import type { Handler } from './handlers.ts';

export interface HealthReport {
  /** True if every part has answered its probe. */
  readonly ready: boolean;
  readonly parts: { readonly [Part in PartStatus['part']]?: Omit<PartStatus, 'part'> };
}

/** What the console shows about this run. */
export interface PlatformRun extends Pick<PlatformAccess, 'endpoints' | 'caFile' | 'caBundleFile'> {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Absolute. */
  readonly stateDir: string;
}

/** The header with which the platform's own probes identify themselves. */
export const PROBE_HEADER = 'x-kuflow-probe';

/** The header with which the console and shell completion identify themselves. */
export const CONSOLE_HEADER: ConsoleHeader = 'x-kuflow-console';

export interface RestDeps {
  readonly domain: Domain;
  readonly faults: FaultRegistry;
  readonly openCodes: OpenCodes;
  readonly readEngineToken: EngineTokenReader;
  readonly health: () => HealthReport | Promise<HealthReport>;
  /** A random value of this run. Requests with it in the probe header are the platform's own and are not logged. */
  readonly probeToken: string;
  /** The files of the console; undefined if it has not been built. */
  readonly page: Promise<PageFiles | undefined>;
  readonly streams: EventStreams;
  readonly events: Pick<EventHub, 'subscribe'>;
  readonly workers: WorkerWatch;
  readonly requests: RequestRecorder;
  readonly time: Pick<TimeSkipper, 'status' | 'skip'>;
  readonly webhooks: Pick<RetryQueue, 'retryNow'>;
  readonly listFailingWork: (processId: string) => Promise<readonly FailingWork[]>;
  readonly identity: PlatformIdentity;
  readonly run: PlatformRun;
  /** DNS names that clients may use, in addition to the loopback ones. */
  readonly hostNames?: readonly string[] | undefined;
  /** Handlers that replace the built-in ones. */
  readonly handlers?: Readonly<Record<string, Handler>> | undefined;
}

/** In PEM. */
export interface ServerTls {
  readonly key: string;
  readonly cert: string;
}

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadDefinition } from '../../src/process/definition/file.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { describeJava } from '../support/describe-workers.ts';
import { installedBin } from '../support/generated-project.ts';
import { buildJar, JAVA_PACKAGE, javaProjectCopy } from '../support/java-project.ts';
import { runHeavy } from '../support/lanes.ts';
import { passLocalTests } from '../support/local-tests.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { processUser, type ProcessUser } from '../support/process-user.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';
import { javaWorkerProject } from '../support/worker-project.ts';

runHeavy();

const ENGINE_LOAN = join(import.meta.dirname, '../support/engine-loan');
const ENGINE_LOAN_DEFINITION = join(ENGINE_LOAN, 'kuflow.process.yaml');
const ENGINE_LOAN_WORKFLOW = 'EngineLoanWorkflowImpl.java';

const LOCAL_TEST_OPTIONS = [
  '--offline',
  '--batch-mode',
  '-Dspotless.check.skip',
  '-Dtest=LocalTest',
  '-Dsurefire.skipAfterFailureCount=1',
];

const LOCAL_IMPORTS = `
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import kuflow.worker.KuFlowOperations.ProcessItem.TaskState;
import kuflow.worker.testing.LocalProcess;
import kuflow.worker.testing.Person.TaskLog;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestMethodOrder;
`;

/** Follows the test in the README, in its class. The last test ends with its runner. */
const MORE_LOCAL_TESTS = String.raw`
    @Test
    @Order(Integer.MAX_VALUE - 2)
    void invokesUserActions() {
        LocalProcess loan = kuflow.start("LOAN");
        loan.task("LOAN_APPLICATION").complete();
        assertThatThrownBy(() -> loan.as("bob@example.com").act("WITHDRAW")).hasMessageContaining("failed with 403");
        assertThat(loan.act("WITHDRAW").sendWorkflowSignal().signalName()).isEqualTo("Withdraw");
        loan.waitFor(State.COMPLETED, Duration.ofSeconds(300));
        assertThat(loan.items()).extracting(item -> item.taskState()).isSubsetOf(TaskState.COMPLETED, TaskState.CANCELLED, null);
        assertThat(loan.items()).last().extracting(item -> item.message().text()).isEqualTo("You withdrew your application");
    }

    @Test
    @Order(Integer.MAX_VALUE - 1)
    void actsAsOtherUsersInjectsFaultsAndReportsWhyAWaitFails() throws Exception {
        assertThatThrownBy(() -> kuflow.as("eve@example.com").start("LOAN"))
                .hasMessageContaining("does not have the user eve@example.com. Its users: ada@example.com, bob@example.com");
        LocalProcess loan = kuflow.as("Bob@example.com").start("LOAN");
        LocalProcess.Task application = loan.task("LOAN_APPLICATION");
        assertThatThrownBy(() -> application.complete(Map.of("amount", "much")))
                .hasMessageContaining("LOAN_APPLICATION is not valid: ")
                .hasMessageContaining("amount type");
        assertThatThrownBy(() -> loan.as("ada@example.com").task("LOAN_APPLICATION").complete())
                .hasMessageContaining("failed with 403");
        application.complete(Map.of("firstName", "Ada", "lastName", "Lovelace", "currency", "EUR", "amount", 10));
        kuflow.skip(Duration.ofDays(4));
        assertThat(loan.logs())
                .containsExactly(new TaskLog("APPROVE_LOAN", "WARN", "No decision after three days"));
        loan.signal("Unknown_Signal", Map.of("any", List.of("value")));
        kuflow.fault("createProcessItem", Map.of("kind", "status", "status", 503), 1_000);
        loan.task("APPROVE_LOAN").complete(Map.of("approved", true));
        String failure = "";
        while (!failure.contains("Last failure")) {
            Throwable failed = catchThrowable(() -> loan.waitFor(State.COMPLETED, Duration.ofMillis(100)));
            assertThat(failed).isInstanceOf(AssertionError.class);
            failure = failed.getMessage();
        }
        assertThat(failure).startsWith("Process LOAN " + loan.id() + " is not COMPLETED after 0.1 s: it is RUNNING\n");
        assertThat(failure).contains("\nOpen tasks: none\nWorker: ", " polls\nLast failure: KuFlow_Engine_CreateProcessItem, attempt ");
        assertThat(loan.items()).extracting(item -> item.taskState()).containsExactly(TaskState.COMPLETED, TaskState.COMPLETED, null, TaskState.COMPLETED);
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void waitsUntilTheRunnerEnds() throws Exception {
        Files.createFile(Path.of(System.getenv("TMPDIR"), "last"));
        kuflow.start("LOAN").waitFor(State.COMPLETED, Duration.ofSeconds(500));
    }
}
`;

// `update.test.ts` runs its own build and tests.
describeJava('a Java project from the packed command', () => {
  let folder: string;
  let built: string;
  let running: TestPlatform;
  let user: ProcessUser;
  let worker: WorkerProcess | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(inject('runFolder'), 'java-project-'));
    javaProjectCopy(join(folder, 'loan-worker'));
    built = javaWorkerProject();
    running = await startTestPlatform({
      definitions: [sampleDefinition(), await loadDefinition(ENGINE_LOAN_DEFINITION)],
    });
    user = await processUser(running.platform);
  });

  afterAll(async () => {
    await worker?.kill();
    await user.close();
    await running.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(project: string, queue: string): Promise<WorkerProcess> {
    await worker?.kill();
    worker = startWorkerProcess(workerEnvironment(running.platform, { TEMPORAL_KUFLOWQUEUE: queue }), project);
    await worker.ready();
    return worker;
  }

  it('has a jar with the libraries that the worker needs, and no others [java: image.contents]', () => {
    const listed = execFileSync('jar', ['--list', '--file', join(built, 'target', 'app.jar')], { encoding: 'utf8' });
    const libraries = listed.match(/(?<=BOOT-INF\/lib\/)[^/\n]+\.jar$/gm) ?? [];
    expect(libraries.some((name) => name.startsWith('temporal-sdk-'))).toBe(true);
    expect(libraries.filter((name) => /devtools|junit|assertj|archunit|mockito|testing|palantir/.test(name))).toEqual(
      [],
    );
    const copied = readFileSync(join(built, 'Dockerfile'), 'utf8').match(
      /^COPY (?!--from=build)(?!\.mvn|mvnw|src|\.kuflow\/lib).*$/gm,
    );
    expect(copied).toEqual(['COPY application.yaml ./']);
  });

  it.runIf(process.platform !== 'win32')(
    'completes a process on the local KuFlow, which its script ./kuflow starts',
    () => {
      const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0', '--state-dir', join(folder, 'state')];
      const words = ['dev', 'simulate', 'LOAN', ...ports, '--', './mvnw', '-o', '-q', 'spring-boot:run'];
      const { status, stdout, stderr } = spawnSync('./kuflow', words, {
        cwd: join(folder, 'loan-worker'),
        env: { ...process.env, WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' },
        encoding: 'utf8',
      });
      expect(status, stdout + stderr).toBe(0);
      expect(stdout + stderr).toContain('LOAN is COMPLETED with valid data');
    },
    600_000,
  );

  it.runIf(process.platform !== 'win32')(
    'runs the test in its README and tests with other users on a local KuFlow, and leaves nothing behind when the runner is killed [java: test.local]',
    () =>
      passLocalTests({
        project: join(folder, 'loan-worker'),
        file: `src/test/java/${JAVA_PACKAGE.replaceAll('.', '/')}/LocalTest.java`,
        exampleStart: `package ${JAVA_PACKAGE};`,
        extend: (example) =>
          example
            .replace(/;\n/, `;\n${LOCAL_IMPORTS}`)
            .replace('class LocalTest', '@TestMethodOrder(OrderAnnotation.class)\n$&')
            .replace(/\}\s*$/, () => MORE_LOCAL_TESTS),
        command: ['./mvnw', ...LOCAL_TEST_OPTIONS, 'test'],
        worker: 'LocalWorker',
      }),
    600_000,
  );

  it('continues its process after the worker was killed', async () => {
    const first = await start(built, sampleDefinition().workflow.taskQueue);
    const processId = await user.start('LOAN');
    const application = { firstName: 'A', lastName: 'B', currency: 'EUR', amount: 1 };
    await user.complete(processId, 'LOAN_APPLICATION', application);
    // The item exists before its creation is complete. An activity that does not end is repeated only after a minute.
    await until('the workflow waits for the approval', () =>
      first.log.find(({ message }) => message === 'Waiting for a person (task APPROVE_LOAN)'),
    );
    await first.kill();
    await user.complete(processId, 'APPROVE_LOAN', { approved: true });
    await start(built, sampleDefinition().workflow.taskQueue);
    await user.completed(processId);
  });

  describe("with the workflow of KuFlow's own loan sample", () => {
    let project: string;

    beforeAll(async () => {
      const options = [
        '--language',
        'java',
        '--package',
        JAVA_PACKAGE,
        '--definition',
        ENGINE_LOAN_DEFINITION,
        '--local',
      ];
      const silent = ['--yes', '--no-install', '--no-git', '--no-check', '--cli-package', `file:${inject('tarball')}`];
      const command = [installedBin('create-kuflow-worker'), 'engine-loan-worker', ...options, ...silent];
      execFileSync(process.execPath, command, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
      project = join(folder, 'engine-loan-worker');
      const code = join(project, 'src/main/java', ...JAVA_PACKAGE.split('.'), 'engine_loan');
      cpSync(join(ENGINE_LOAN, ENGINE_LOAN_WORKFLOW), join(code, ENGINE_LOAN_WORKFLOW));
      buildJar(project);
      await start(project, 'ENGINE_LOAN_QUEUE');
    });

    it('has at most 80 lines and no wiring', () => {
      const text = readFileSync(join(ENGINE_LOAN, ENGINE_LOAN_WORKFLOW), 'utf8');
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(80);
      expect(text).not.toMatch(/newActivityStub|registerListener|SignalMethod|ActivityOptions|WorkerFactory/);
    });

    it.each([
      [5_000, undefined, 'granted', 'NOTIFICATION_GRANTED'],
      [5_000.01, 'YES', 'granted', 'NOTIFICATION_GRANTED'],
      [9_000, 'NO', 'rejected', 'NOTIFICATION_REJECTION'],
    ] as const)('decides about %d EUR with the approval %s: %s', async (amount, approval, message, notification) => {
      const processId = await user.start('ENGINE_LOAN');
      const application = { CURRENCY: 'EUR', AMOUNT: amount, FIRST_NAME: 'A', LAST_NAME: 'B' };
      await user.complete(processId, 'LOAN_APPLICATION', application);
      if (approval !== undefined) {
        const { task } = await user.item(processId, 'APPROVE_LOAN');
        expect(task?.data?.value).toEqual({ FIRST_NAME: 'A', LAST_NAME: 'B', AMOUNT: amount });
        await user.complete(processId, 'APPROVE_LOAN', { APPROVAL: approval });
      }
      const { initiatorId, metadata } = await user.completed(processId);
      expect(await user.temporal.workflow.getHandle(processId).result()).toMatchObject({ message });
      expect((await user.item(processId, notification)).ownerId).toBe(initiatorId);
      expect(metadata?.value).toEqual({ FIRST_NAME: 'A', LAST_NAME: 'B' });
    });
  });
});

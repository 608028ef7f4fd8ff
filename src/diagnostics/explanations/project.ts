import { fails, unclear, warns, type Explanation } from './explanation.ts';

const RUN_WORKER_CHECK = { text: "Run the worker's check by itself", command: '<check>' };

export const project: Readonly<Record<string, Explanation>> = {
  'KF-PROJ-001': {
    looksAt:
      "Checks whether the project's process definitions are valid, whether the generated code is up to date with them, and whether their task queues match the settings. Does not check code that another version of this tool generated.",
    causes: {
      'definition-broken': fails('A process definition is invalid.', 'Correct <file>'),
      'definition-duplicate-code': fails(
        'Two process definitions in the project have the same code. Usually, one of them is a copy.',
        'Set process.code in <file> to the code of the process definition in KuFlow, or delete the file',
      ),
      'definition-drift': warns('The process definition has changed since the code was generated from it.', {
        text: 'Update the code',
        command: '<kuflow> generate',
      }),
      'definition-queue-differs': warns(
        'The process definition and the settings specify different task queues. The worker polls the one in the settings.',
        'Set the same task queue in <file> and <source>',
      ),
    },
  },
  'KF-PROJ-002': {
    looksAt:
      'Checks whether all Temporal SDK packages have the same version, and whether that version has known bugs. Reads the installed packages, or pom.xml in a Java project.',
    causes: {
      'sdk-not-installed': warns('The dependencies are not installed.', {
        text: 'Install the dependencies',
        command: '<install>',
      }),
      'sdk-versions-differ': fails(
        'The Temporal packages have different versions. The worker refuses to start or fails later.',
        'Set all <packages> packages to the same version in <file>, and reinstall them',
      ),
      'sdk-install-outdated': warns('The installed version differs from the version that the project declares.', {
        text: 'Install the dependencies again',
        command: '<install>',
      }),
      'sdk-known-fault': warns('The SDK version has a known bug.', 'Update <package> to <version> or newer'),
    },
  },
  'KF-PROJ-003': {
    looksAt:
      'Checks whether this machine has what the worker needs. A TypeScript worker needs Node.js 20.19+ or 22.3+. A Java worker needs the Maven wrapper and the JDK version that pom.xml specifies. A Python worker needs either uv or pip, and the Python version that pyproject.toml specifies.',
    causes: {
      'runtime-missing': fails(
        'A program that the project needs is not installed: Node.js, a JDK, Python or uv.',
        'Install <wanted>',
      ),
      'runtime-too-old': fails('Node.js, the JDK or Python is older than the worker requires.', 'Install <wanted>'),
      'environment-unusable': fails(
        "The virtual environment's Python interpreter was moved or removed, for example by an upgrade.",
        { text: 'Delete .venv and install the dependencies again', command: '<install>' },
      ),
      'build-file-unusable': fails(
        'A file that the build needs is missing or not executable.',
        'Restore <file> from version control; if it is a script, make it executable',
      ),
    },
  },
  'KF-PROJ-004': {
    looksAt:
      'Checks whether the ports for `/livez` and `/readyz` (`worker.health-port`) and for `/metrics` (`worker.metrics-port`) are free on this machine. A running worker that responds on the health port is not a problem. Connects to the ports but does not listen on them.',
    causes: {
      'worker-port-in-use': fails(
        'Another program on this machine is using the port. The worker exits at startup unless it is started with `--dev`.',
        'Stop the other program, or set <key> to a free port (<source>)',
      ),
    },
  },
  'KF-WORK-001': {
    looksAt:
      "Runs the worker's own check (`--check`), which tests the same connection as doctor does, but with the TLS and proxy implementations of the worker's SDK. Creates an engine token, and a certificate if none is configured. `--no-create` skips this check.",
    causes: {
      'worker-cannot-start': fails(
        'The worker exits with an error before it can check anything.',
        'Correct <place>',
        RUN_WORKER_CHECK,
      ),
      'worker-module-missing': fails(
        'The worker exits because a dependency or its native module is missing or was built for another platform.',
        { text: 'Install the dependencies again', command: '<install>' },
        RUN_WORKER_CHECK,
      ),
      'worker-check-no-answer': warns("The worker's own check did not finish in time.", RUN_WORKER_CHECK),
      'worker-not-built': warns(
        'The project must be built before the worker can run its own check.',
        'Build the project: <build>',
      ),
      'worker-reads-no-profiles': warns(
        'The credentials come from a stored profile, which the worker does not read. On its own, the worker would have no credentials, so its check is skipped.',
        {
          text: 'Write the credentials to files for the worker',
          command: '<kuflow> credentials pull --profile <profile>',
        },
        {
          text: 'Or start the worker with the credentials in its environment',
          command: '<kuflow> credentials exec --profile <profile> -- <start>',
        },
      ),
    },
  },
  'KF-WORK-002': {
    looksAt:
      'Checks whether doctor and the worker get the same results. If the results differ, the likely cause is that doctor and the worker use different proxies for the REST API, that only one of their TLS implementations accepts the server certificate, or that a firewall rule applies to only one of them.',
    causes: {
      'worker-check-failed': fails("The worker's own check failed.", "Read the worker's message", RUN_WORKER_CHECK),
      'worker-could-not-tell': unclear(
        "The worker's check timed out at a step where doctor's own checks found no problem.",
        'Allow more time with --timeout',
        RUN_WORKER_CHECK,
      ),
      'worker-disagrees': fails(
        'A step works for doctor but fails for the worker, or the other way around.',
        RUN_WORKER_CHECK,
        'If doctor and the worker disagree at the `rest` step, compare their proxies and trusted CAs. The worker uses temporal.proxy if it is set, but doctor always uses HTTPS_PROXY. Both trust the CAs in kuflow.api.ca, and each also trusts the default CAs of its runtime. For doctor and TypeScript workers, the default CAs are those of Node.js and NODE_EXTRA_CA_CERTS. Java workers use the CAs of the JDK, and Python workers use those of certifi and the system',
        "If doctor and the worker disagree at the `connect` step, check the server certificate. The worker uses the TLS implementation of Temporal's SDK. In TypeScript and Python workers, this implementation rejects a server certificate that is itself a CA certificate. The trusted CA and the proxy are not the cause, because doctor and the worker use the same ones: the CA in temporal.mutual-tls.ca or from KuFlow, and the proxy in temporal.proxy or, if that is not set, in HTTPS_PROXY (unless NO_PROXY excludes the host)",
        'Check whether a firewall or a TLS-inspecting program has a rule that applies only to doctor or only to the worker',
      ),
    },
  },
};

import { fails, unclear, warns, type Explanation } from './explanation.ts';

const RUN_WORKER_CHECK = { text: 'Run it by itself', command: '<check>' };

/** The worker project that doctor runs in. */
export const project: Readonly<Record<string, Explanation>> = {
  'KF-PROJ-001': {
    looksAt:
      'The process definitions of the project, whether the generated code is up to date with them, and whether their task queue matches the settings. Code that another version of this tool generated is not compared.',
    causes: {
      'definition-broken': fails('A process definition is invalid.', 'Correct <file>'),
      'definition-duplicate-code': fails(
        'Two process definitions of the project have the same code, so one of them is usually a copy.',
        'Change process.code in <file> to the code of its process definition in KuFlow, or delete the file',
      ),
      'definition-drift': warns('The process definition has changed since types and tasks were generated from it.', {
        text: 'Update the code',
        command: '<kuflow> generate',
      }),
      'definition-queue-differs': warns(
        'The process definition and the settings name different task queues. The worker polls the one from the settings.',
        'Use the same name in <file> and <source>',
      ),
    },
  },
  'KF-PROJ-002': {
    looksAt:
      "Whether all packages of Temporal's SDK have the same version, and whether that version has known bugs. Reads the installed packages, or pom.xml in a Java project.",
    causes: {
      'sdk-not-installed': warns('The dependencies are not installed.', {
        text: 'Install the dependencies',
        command: '<install>',
      }),
      'sdk-versions-differ': fails(
        'The Temporal packages have different versions. The worker refuses to start or fails later.',
        'Set all <packages> packages to the same version in <file>, and install again',
      ),
      'sdk-install-outdated': warns('The installed version differs from the version that the project declares.', {
        text: 'Install the dependencies again',
        command: '<install>',
      }),
      'sdk-known-fault': warns('The version has a known bug.', 'Update <package> to <version> or newer'),
    },
  },
  'KF-PROJ-003': {
    looksAt:
      'Whether this machine has what the worker needs. A TypeScript worker needs Node.js 20.19+ or 22.3+. A Java worker needs the JDK version in pom.xml, and the Maven wrapper. A Python worker needs the Python version in pyproject.toml, and uv or pip.',
    causes: {
      'runtime-missing': fails(
        'The project needs Node.js, a JDK, Python or uv, but it is not installed.',
        'Install <wanted>',
      ),
      'runtime-too-old': fails('Node.js, the JDK or Python is older than the worker requires.', 'Install <wanted>'),
      'environment-unusable': fails(
        'The Python of the virtual environment was moved or removed, for example by an upgrade.',
        { text: 'Delete .venv and install the dependencies again', command: '<install>' },
      ),
      'build-file-unusable': fails(
        'A file that the build needs is missing, or it cannot be executed.',
        'Restore <file> from version control. A script must be executable',
      ),
    },
  },
  'KF-PROJ-004': {
    looksAt:
      'Whether the ports of `/livez` and `/readyz` (`worker.health-port`) and of `/metrics` (`worker.metrics-port`) are free on this machine. A worker that already runs and responds on the health port is not a problem. Connects to the ports, and opens none.',
    causes: {
      'worker-port-in-use': fails(
        'Another program on this machine uses the port. The worker exits at startup, except with `--dev`.',
        'Stop the other program, or set <key> to a free port (<source>)',
      ),
    },
  },
  'KF-WORK-001': {
    looksAt:
      "The worker's own `--check`, which connects in the same way with the TLS and proxy implementation of its SDK. Creates an engine token, and a certificate if none is configured; `--no-create` skips this check.",
    causes: {
      'worker-cannot-start': fails(
        'The worker ends with an error before it can check anything.',
        'Correct <place>',
        RUN_WORKER_CHECK,
      ),
      'worker-module-missing': fails(
        'The worker ends because a dependency, or the native module of one, is missing or is for another platform.',
        { text: 'Install the dependencies again', command: '<install>' },
        RUN_WORKER_CHECK,
      ),
      'worker-check-no-answer': warns("The worker's own check did not end in time.", RUN_WORKER_CHECK),
      'worker-not-built': warns(
        'The project has to be built before the worker can run its own check.',
        'Build it: <build>',
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
      'Whether doctor and the worker agree. If not, something treats them differently: another proxy for the REST API, a server certificate that only one of the two TLS implementations accepts, or a firewall rule for one program.',
    causes: {
      'worker-check-failed': fails(
        "The worker's own check failed at a step.",
        'Read the message of the worker',
        RUN_WORKER_CHECK,
      ),
      'worker-could-not-tell': unclear(
        "The worker ran out of time at a step where none of doctor's checks fails.",
        'Allow more time with --timeout',
        RUN_WORKER_CHECK,
      ),
      'worker-disagrees': fails(
        'Something works for doctor but fails for the worker, or the other way around.',
        RUN_WORKER_CHECK,
        'At `rest`, compare the proxies: the worker uses temporal.proxy if it is set, doctor uses HTTPS_PROXY. Compare the trusted CAs, too: both trust kuflow.api.ca and the CAs of their runtime. Doctor and TypeScript workers trust those of Node.js and NODE_EXTRA_CA_CERTS. Java workers trust those of the JDK, and Python workers those of certifi and the system',
        "At `connect`, check the server certificate: the worker uses the TLS implementation of Temporal's SDK. The one in TypeScript and Python workers rejects a server certificate that is itself a CA. Both trust only temporal.mutual-tls.ca or the CA that KuFlow issued. Both use temporal.proxy, or else HTTPS_PROXY with NO_PROXY",
        'Check whether a firewall or a TLS-inspecting program has a rule for one of the two',
      ),
    },
  },
};

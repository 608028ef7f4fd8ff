import { basename, resolve } from 'node:path';
import { KnownError } from '../base/errors.ts';
import type { ConnectionSettings } from '../flows/connection-flags.ts';
import { createProject, type CreateDependencies, type CreateRequest, type CreateResult } from '../flows/create.ts';
import { toNpmName } from '../names/package-name.ts';
import type { Answers } from '../scaffold/answers.ts';
import { detectPackageManager, PACKAGE_MANAGERS } from '../scaffold/package-manager.ts';
import { followChecks, followDiscovery, followScaffold, printCreated } from '../terminal/create-view.ts';
import { openProgress } from '../terminal/progress.ts';
import type { Ask } from '../terminal/prompts.ts';
import { checkIds, createCommand, definitionRequest, missingAnswers, missingError, sourceOf } from './create-call.ts';
import { projectCheck } from './create-check.ts';
import type { CreateCall, CreateFlags } from './create-flags.ts';
import { askForMissing, type AnsweredCall } from './create-questions.ts';
import type { CommandContext } from './context.ts';

/** `create`: questions, the flow, its result. With `--json` prints the `CreateResult` as `createdAsJson` describes it. */
export async function runCreate(
  folder: string | undefined,
  flags: CreateFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const signal = context.interruption();
  const call: CreateCall = { ...(folder === undefined ? {} : { folder }), flags };
  checkIds(flags);
  const missing = missingAnswers(call, context);
  const mayAsk = terminal.canAsk && flags.yes !== true && flags.json !== true;
  if (missing.length > 0 && !mayAsk) throw missingError(call, missing);
  const ask = mayAsk ? (await import('../terminal/prompts.ts')).openPrompts(terminal, signal) : undefined;
  const answered: AnsweredCall =
    ask === undefined || missing.length === 0
      ? { folder: folder ?? '.', flags }
      : await askForMissing(call, ask, context);
  const asked = missing.length > 0;

  const connection = await connectionOf(answered, context);
  const command = createCommand({
    folder: answered.folder,
    flags: answered.secret === undefined ? answered.flags : { ...answered.flags, clientSecretStdin: true },
  });
  const progress = openProgress(terminal.err);
  try {
    const result = await createProject(requestOf(answered, connection, command, context), {
      version: context.version,
      env: context.env,
      signal,
      discover: discovery(connection, ask, context, signal),
      check: projectCheck(context.env, progress),
      report: {
        scaffold: followScaffold(progress),
        check: followChecks(progress),
        discovery: followDiscovery(progress),
      },
    });
    progress.stop();
    if (flags.json === true) terminal.out.line(JSON.stringify(createdAsJson(result), undefined, 2));
    else printCreated(terminal, result);
    if (asked) terminal.err.line(`\nTo do the same without questions:\n  ${command}`);
    context.setStatus(result.status);
  } finally {
    progress.stop();
  }
}

/** Settings that the call itself gives, or that reading the API needs; undefined when neither does. */
async function connectionOf(call: AnsweredCall, context: CommandContext): Promise<ConnectionSettings | undefined> {
  const { flags, secret } = call;
  const given = [flags.clientId, flags.clientSecretFile, flags.clientSecretStdin].some((value) => value !== undefined);
  if (!given && sourceOf(flags) !== 'api') return undefined;
  const { connectionSettings } = await import('../flows/connection-flags.ts');
  const connection = await connectionSettings(secret === undefined ? flags : { ...flags, clientSecretStdin: true }, {
    env: context.env,
    cwd: context.cwd,
    // A typed secret goes the way of a piped one.
    stdin: secret === undefined ? context.terminal.prompts.input : once(secret.reveal()),
  });
  for (const warning of connection.warnings) context.terminal.err.line(`Warning: ${warning}`);
  return connection;
}

async function* once(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}

function requestOf(
  call: AnsweredCall,
  connection: ConnectionSettings | undefined,
  command: string,
  context: CommandContext,
): CreateRequest {
  const { flags } = call;
  const absolute = resolve(context.cwd, call.folder);
  const secret = connection?.settings['kuflow.api.client-secret'];
  const written = secret?.source.kind === 'flag' ? { clientSecret: secret.value } : {};
  const inEnvironment =
    (context.env['KUFLOW_API_CLIENTID'] ?? '') !== '' &&
    [context.env['KUFLOW_API_CLIENTSECRET'], context.env['KUFLOW_API_CLIENTSECRET_FILE']].some(
      (value) => (value ?? '') !== '',
    );
  const fromFlags: Answers['connection'] = {
    ...written,
    ...(flags.clientId === undefined ? {} : { clientId: flags.clientId }),
    ...(flags.endpoint === undefined ? {} : { endpoint: flags.endpoint }),
    ...(flags.tenantId === undefined ? {} : { tenantId: flags.tenantId }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(flags.ca === undefined ? {} : { ca: resolve(context.cwd, flags.ca) }),
  };
  return {
    folder: call.folder,
    cwd: context.cwd,
    answers: {
      name: toNpmName(basename(absolute)),
      language: 'typescript',
      local: flags.local === true,
      packageManager:
        PACKAGE_MANAGERS.find((manager) => manager === flags.packageManager) ?? detectPackageManager(context.env),
      cliPackage: flags.cliPackage ?? context.version,
      connection: fromFlags,
    },
    definition: definitionRequest(flags),
    overwrite: flags.overwrite ?? [],
    dryRun: flags.dryRun === true,
    install: flags.install,
    git: flags.git,
    check: flags.check,
    credentials: 'clientSecret' in fromFlags ? 'file' : inEnvironment ? 'environment' : 'none',
    command,
  };
}

function discovery(
  connection: ConnectionSettings | undefined,
  ask: Ask | undefined,
  context: CommandContext,
  signal: AbortSignal,
): CreateDependencies['discover'] {
  return async (code, { sample, report }) => {
    if (connection === undefined)
      throw new KnownError({ message: 'The credentials of the application are missing', status: 2 });
    const [{ discoverFromApi }, { restSettings }] = await Promise.all([
      import('../flows/discover.ts'),
      import('../flows/rest-access.ts'),
    ]);
    return discoverFromApi({
      rest: await restSettings(connection.settings, context.env),
      code,
      ...(sample === undefined ? {} : { sample }),
      ...(ask === undefined
        ? {}
        : {
            mayRead: (count) =>
              ask.confirm(
                `Read up to ${count} instances for the shapes of their data? Keys and types are kept, values are not`,
              ),
          }),
      report,
      signal,
      createCommand: 'npx create-kuflow-worker',
    });
  };
}

/**
 * `{ folder, name, language, process: { code, source, tasks }, notes, dryRun, files: [{ path, action }], install: { kind, … },
 * git: { kind, … }, check: { kind: 'not-run', reason } | { kind: 'impossible', reason, seen?, next } | { kind: 'checked', status, results, next }, next: [{ command?, text }],
 * command, status }`; `status` is the exit status.
 */
function createdAsJson(result: CreateResult): object {
  const { check, ...rest } = result;
  if (check.kind !== 'checked') return { ...rest, check };
  const { status, results, next } = check.report;
  return { ...rest, check: { kind: check.kind, status, results, next } };
}

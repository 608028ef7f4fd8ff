import { findJdk } from '../../src/languages/java/tools.ts';

const OLDEST = 17;

/** Why tests that need a JDK are skipped; undefined if they run. In CI they always run, and fail without a JDK. */
export function missingJdk(): string | undefined {
  return process.env['CI'] === 'true' ? undefined : (missing ??= { reason: findReason() }).reason;
}

let missing: { readonly reason: string | undefined } | undefined;

function findReason(): string | undefined {
  const jdk = findJdk(process.env);
  if (jdk === undefined) return 'there is no JDK on the PATH and in JAVA_HOME';
  return (jdk.version ?? OLDEST) >= OLDEST
    ? undefined
    : `${jdk.javac} has version ${jdk.version ?? ''}; JDK ${OLDEST} or newer is needed`;
}

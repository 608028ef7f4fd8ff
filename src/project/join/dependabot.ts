/** Lists what Dependabot updates. GitHub reads it only in the root of a repository. */
export const DEPENDABOT_FILE = '.github/dependabot.yml';

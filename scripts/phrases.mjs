import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Phrases that make correct English read as if it were translated, each with what to write instead. */
export const PHRASES = [
  [
    /(?<!there )(?<!there's )\b(?:is|are|was|were|be|been|holds?|names?|knows?|gives?|takes?|finds?) no (?=[a-z])(?!longer\b|more than\b|older\b|larger\b|later\b)/i,
    'negate the verb: "is not a …", "does not have …"',
  ],
  [/\b(?:is|are|was|were|be|been|holds?|has|have|there is|there are) none\b/, '"is not one", "does not have any"'],
  [/\banew\b/i, '"again", or the verb with re-'],
  [/\bstands?\b(?!-| in (?:line|for)\b|alone)/i, '"is"'],
  [/\bin place of\b/i, '"instead of"'],
  [/\bbesides?\b/i, '"next to", "with", "except"'],
  [/\bhence\b/i, '"so", "therefore"'],
  [/\bby now\b/i, '"now", "already"'],
  [/\b(?:is|are|was|were) over\b/i, '"has expired", "has ended"'],
  [/\b(?:is|are|was|were) told\b/i, '"is reported", "gets"'],
  [/\bsaid so\b|\bsays so\b|\bsay so\b/i, 'name what is said'],
  [/\bof its own\b|\bof their own\b/i, '"its own …", "separate"'],
  [/\buntold\b/i, '"not reported"'],
  [/\bas far as\b/i, '"if", "where"'],
  [/\bthe ones? that\b/i, 'name the thing'],
  [/\bkeeps? to\b/i, '"follows"'],
  [/\bwants? (?:to be|a|an|the) (?!to)/i, '"needs", "requires"'],
  [/\blies? (?:in|at|on|there|beside|below|above)\b/i, '"is in"'],
  [/\bsave for\b/i, '"except for"'],
  [/\bdoes? so\b|\bdid so\b/i, 'repeat the verb'],
  // Not the option of that name in tests of processes.
  [/\bmeanwhile\b(?![=:)`("?]| is None| =|, limit| \})/i, '"in the meantime", or say when'],
  [/\bas yet\b|\bnot yet there\b/i, '"yet"'],
  [/\bhow to go on\b/i, '"what would you like to do"'],
  // KuFlow's value CANCELLED and Temporal's names keep their spelling.
  [/(?<![\w.'"`-]|code: )[Cc]ancell(?:ed|ing)\b(?![\w('"`:]|\.\w| =)/, '"canceled", "canceling"'],
  [/\bneed(?:s)? not\b/i, '"does not have to"'],
];

/**
 * The phrases in `text`, as `{ line, phrase, instead }` with lines from 1.
 * @returns {{ line: number, phrase: string, instead: string }[]}
 */
export function findPhrases(text) {
  return text.split('\n').flatMap((line, index) =>
    PHRASES.flatMap(([pattern, instead]) => {
      const found = pattern.exec(line);
      return found === null ? [] : [{ line: index + 1, phrase: found[0].trim(), instead }];
    }),
  );
}

/**
 * One line for each phrase in the files at `paths` (relative to `root`) that `allowed` does not list. `allowed` maps a path to the
 * phrases it may contain, each with the reason.
 * @returns {string[]}
 */
export function checkPhrases(root, paths, allowed) {
  const used = new Set();
  const problems = paths.flatMap((path) =>
    findPhrases(readFileSync(join(root, path), 'utf8')).flatMap(({ line, phrase, instead }) => {
      const reason = allowed[path]?.[phrase.toLowerCase()];
      if (reason !== undefined) {
        used.add(`${path} ${phrase.toLowerCase()}`);
        return [];
      }
      return [`${path}:${line}: "${phrase}" reads as if translated; write ${instead}`];
    }),
  );
  const stale = Object.entries(allowed).flatMap(([path, phrases]) =>
    Object.keys(phrases)
      .filter((phrase) => paths.includes(path) && !used.has(`${path} ${phrase}`))
      .map((phrase) => `scripts/phrases.json: ${path} no longer contains "${phrase}"`),
  );
  return [...problems, ...stale];
}

import { describe, expect, it } from 'vitest';
import { mergeDependabotFile } from '../../../../src/project/join/merge-dependabot.ts';

const TEMPLATE = `version: 2
updates:
  - package-ecosystem: npm
    directory: /
  - package-ecosystem: docker
    directory: "/services/w"
`;

describe('a Dependabot file', () => {
  it.each([
    ['directory: /', 'directory: "/services/w/"'],
    ['directories: ["/", "/web"]', 'directories:\n      - /services/*'],
    ['directories: ["**/*", "/"]', 'directories: ["/**"]'],
  ])('does not get a second entry for an ecosystem and folder that it has: %j and %j', (npm, docker) => {
    const text = `updates:\n  - package-ecosystem: npm\n    ${npm}\n  - package-ecosystem: docker\n    ${docker}\n`;
    expect(mergeDependabotFile(text, TEMPLATE)).toBe(text);
  });

  it.each(['directories: ["/web"]', 'directories: []', 'directory: /services'])(
    'gets the entries for other folders: %s',
    (npm) => {
      const text = `updates:\n  - package-ecosystem: npm\n    ${npm}\n`;
      expect(mergeDependabotFile(text, TEMPLATE)).toBe(
        `${text}  - package-ecosystem: npm\n    directory: /\n  - package-ecosystem: docker\n    directory: "/services/w"\n`,
      );
    },
  );
});

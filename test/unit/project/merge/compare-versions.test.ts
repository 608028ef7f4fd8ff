import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  isMavenVersionAtLeast,
  isNpmRangeAtLeast,
  isRequirementAtLeast,
  requirementName,
} from '../../../../src/project/merge/compare-versions.ts';

describe('compareVersions', () => {
  it.each([
    ['1.0', '1.1'],
    ['1.9', '1.10'],
    ['1.0-alpha-1', '1.0-beta-1'],
    ['1.0-beta', '1.0-M1'],
    ['1.0-M2', '1.0-RC1'],
    ['1.0-RC1', '1.0-SNAPSHOT'],
    ['1.0-SNAPSHOT', '1.0'],
    ['1.0', '1.0-sp1'],
    ['1.0-sp1', '1.0.1'],
    ['33.4.8-jre', '33.5.0-jre'],
    ['1.0-android', '1.0-jre'],
    ['1.0.dev1', '1.0a1'],
    ['1.0a1.dev1', '1.0a1'],
    ['1.0a2', '1.0b1'],
    ['1.0b9', '1.0rc1'],
    ['1.0rc1', '1.0'],
    ['1.0', '1.0.post1'],
    ['1.0.post1', '1.0.1'],
    ['4.26.0.20261006', '4.26.0.20261122'],
    ['2026.1', '1!1.0'],
  ])('%s is older than %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
  });

  it.each([
    ['1', '1.0.0'],
    ['1.0-ga', '1'],
    ['1.0.0.RELEASE', '1.0.0'],
    ['1.0.0-rc1', '1-rc1'],
    ['1.0c1', '1.0rc1'],
    ['1.0+local', '1.0'],
    ['v1.2', '1.2'],
  ])('%s is the same as %s', (one, other) => {
    expect(compareVersions(one, other)).toBe(0);
  });
});

describe('whether a version is at least another', () => {
  it.each([
    [isNpmRangeAtLeast, '^1.2.0', '1.1.9', true],
    [isNpmRangeAtLeast, '^1.2.0', '1.2.0', true],
    [isNpmRangeAtLeast, '>=20.19 <23', '>=20.18', true],
    [isNpmRangeAtLeast, '1.2.0-beta.1', '1.2.0', false],
    [isNpmRangeAtLeast, '*', '1.0.0', false],
    [isNpmRangeAtLeast, 'file:../x.tgz', '1.0.0', false],
    [isNpmRangeAtLeast, 'latest', '1.0.0', false],
    [isRequirementAtLeast, 'httpx>=0.29,<1', 'httpx==0.28.1', true],
    [isRequirementAtLeast, 'HTTPX[http2] ~= 0.29', 'httpx[http2]==0.28.1', true],
    [isRequirementAtLeast, 'httpx[http2]==0.29', 'httpx==0.28.1', false],
    [isRequirementAtLeast, "x==2; sys_platform == 'linux'", 'x==1; sys_platform=="linux"', true],
    [isRequirementAtLeast, "x==2; sys_platform == 'win32'", "x==1; sys_platform == 'linux'", false],
    [isRequirementAtLeast, 'x==2.*', 'x==1.9', true],
    [isRequirementAtLeast, 'x<3', 'x==1', false],
    [isRequirementAtLeast, 'x!=3', 'x==1', false],
    [isRequirementAtLeast, 'x', 'x==1', false],
    [isRequirementAtLeast, 'x @ git+https://example.com/x@9', 'x==1', false],
    [isRequirementAtLeast, '>=3.12', '>=3.11', true],
    [isRequirementAtLeast, '^3.12', '^3.13', false],
    [isMavenVersionAtLeast, '21', '17', true],
    [isMavenVersionAtLeast, '[4.1,5)', '4.0.9', true],
    [isMavenVersionAtLeast, '4.0.9', '4.0.10', false],
    [isMavenVersionAtLeast, '${other.version}', '1', false],
    [isMavenVersionAtLeast, '2', '${other.version}', false],
  ])('%o: %s, %s', (isAtLeast, mine, theirs, expected) => {
    expect(isAtLeast(mine, theirs)).toBe(expected);
  });
});

describe('requirementName', () => {
  it.each([
    ['PyYAML==6.0.4', 'pyyaml'],
    ['typing_extensions', 'typing-extensions'],
    ['zope.interface [test] >= 1; python_version < "4"', 'zope-interface'],
    ['x @ https://example.com/x.whl', 'x'],
    ['not a requirement', undefined],
    ['', undefined],
  ])('of %j is %s', (requirement, name) => {
    expect(requirementName(requirement)).toBe(name);
  });
});

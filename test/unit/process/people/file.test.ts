import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KnownError } from '../../../../src/base/errors.ts';
import type { JsonObject } from '../../../../src/base/json.ts';
import { loadPeople, parsePeople } from '../../../../src/process/people/file.ts';
import { PeopleFileSchema } from '../../../../src/process/people.ts';

const VALID = `users:
  - { email: ada@example.com, name: Ada, groups: [RISK] }
  - { email: bob@example.com, name: Bob }
groups:
  - { code: RISK, name: Risk }
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'people-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function errorOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KnownError);
  return (error as KnownError).message;
}

describe('loadPeople', () => {
  it('reads users and groups', async () => {
    const path = join(folder, 'valid.yaml');
    await writeFile(path, VALID);
    expect(await loadPeople(path)).toEqual({
      users: [
        { email: 'ada@example.com', name: 'Ada', groups: ['RISK'] },
        { email: 'bob@example.com', name: 'Bob', groups: [] },
      ],
      groups: [{ code: 'RISK', name: 'Risk' }],
    });
    expect(await parsePeople('{"users":[{"email":"a@b","name":"A"}]}', 'p.json')).toEqual({
      users: [{ email: 'a@b', name: 'A', groups: [] }],
      groups: [],
    });
  });

  it('reads who manages processes: groups and users in the file', async () => {
    const file = (managers: string): string => `${VALID}process-managers: ${managers}\n`;
    const { processManagers } = await parsePeople(file('[RISK, ADA@example.com, LOCAL_USERS]'), 'p.yaml');
    expect(processManagers).toEqual(['RISK', 'ADA@example.com', 'LOCAL_USERS']);
    const problems = await errorOf(parsePeople(file('[BOSS, eva@example.com]'), 'p.yaml'));
    expect(problems).toContain('process-managers[0] "BOSS" is not a user or a group in this file');
    expect(problems).toContain('process-managers[1] "eva@example.com" is not a user or a group in this file');
  });

  it('names a file that is missing or not text', async () => {
    const missing = join(folder, 'missing.yaml');
    expect(await errorOf(loadPeople(missing))).toBe(`People file not found: ${missing}`);
    expect(await errorOf(loadPeople(folder))).toBe(`${folder} is not a file`);
    const binary = join(folder, 'binary.yaml');
    await writeFile(binary, Buffer.from([0xff, 0xfe, 0x00]));
    expect(await errorOf(loadPeople(binary))).toContain(`${binary}:1:1 the file is not UTF-8 text`);
  });

  it('reports every problem with its line and column', async () => {
    const text = `users:
  - { email: ada, name: Ada, group: [RISK] }
  - email: bob@example.com
    name: ' '
    groups: [RISK, RSK, LOCAL_USERS, RISK]
    token: secret
  - email: BOB@example.com
groups:
  - { code: RISK, name: Risk }
  - { code: RISK, name: Again }
  - { code: a@b, name: Mail }
  - { code: LOCAL_USERS, name: All }
teams: []
`;
    const rows = (await errorOf(parsePeople(text, 'p.yaml'))).split('\n').map((line) => line.trim());
    expect(rows).toEqual([
      'p.yaml is not a valid list of users and groups:',
      'p.yaml:2:14 users[0].email must be an email address, not "ada"',
      'p.yaml:2:30 unknown key "group"; did you mean "groups"?',
      'p.yaml:4:11 users[1].name is empty',
      'p.yaml:5:5 users[1].groups lists "RISK" twice',
      'p.yaml:5:20 users[1].groups[1] "RSK" is not a group in this file; did you mean "RISK"?',
      'p.yaml:5:25 users[1].groups[2] LOCAL_USERS is the group of all users: leave it out',
      'p.yaml:6:5 unknown key "token"; expected one of email, name, groups',
      'p.yaml:7:5 users[2].name is missing',
      'p.yaml:7:12 users[2].email "BOB@example.com" is already used by users[1]',
      'p.yaml:10:13 groups[1].code "RISK" is already used by groups[0]',
      'p.yaml:11:13 groups[2].code must not contain whitespace or @: "a@b"',
      'p.yaml:12:13 groups[3].code LOCAL_USERS is the group of all users, which always exists',
      'p.yaml:13:1 unknown key "teams"; expected one of $schema, users, groups, process-managers',
    ]);
  });

  it.each([
    ['no users', 'users: []', 'p.yaml:1:1 users is an empty list'],
    ['no list of users', 'groups: []', 'p.yaml:1:1 users is missing'],
    ['an empty file', '', 'p.yaml:1:1 the file is empty'],
    ['a list', '[]', 'p.yaml:1:1 the document must be a map, not a list'],
    ['exponential aliases', bomb(), 'p.yaml:1:1 Excessive alias count'],
  ])('refuses %s', async (_what, text, problem) => {
    expect(await errorOf(parsePeople(text, 'p.yaml'))).toContain(problem);
  });
});

function bomb(): string {
  const rows = Array.from({ length: 9 }, (_, at) => `b${at + 1}: &b${at + 1} [${`*b${at}, `.repeat(9)}]`);
  return ['b0: &b0 [x]', ...rows].join('\n');
}

describe('the published schema of users and groups', () => {
  it('is up to date, and accepts a valid file', async () => {
    const written = JSON.parse(
      await readFile(new URL('../../../../schemas/kuflow.people.schema.json', import.meta.url), 'utf8'),
    ) as JsonObject;
    expect(written, 'run node scripts/write-schemas.mjs').toMatchObject(JSON.parse(JSON.stringify(PeopleFileSchema)));
    const valid = new Ajv({ strict: false }).compile(written);
    expect(valid(parse(VALID))).toBe(true);
    expect(valid({ users: [{ email: 'a@b', name: 'A', token: 'x' }] })).toBe(false);
  });
});

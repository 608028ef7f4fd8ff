import { Type, type Static } from '@sinclair/typebox';

/** A user of the local KuFlow. The email address identifies the user, whatever its case. */
export interface SeedUser {
  readonly email: string;
  readonly name: string;
  /** Codes of groups. */
  readonly groups: readonly string[];
}

export interface SeedGroup {
  readonly code: string;
  readonly name: string;
}

/** The content of `kuflow.people.yaml`: the users and groups of a local KuFlow. The first user is its default user. */
export interface PeopleSeed {
  readonly users: readonly SeedUser[];
  readonly groups: readonly SeedGroup[];
  /** Codes of groups and emails of users that manage processes. Without it, every user does. */
  readonly processManagers?: readonly string[];
}

/** Code of the group that every local KuFlow has, with all its users. */
export const EVERYBODY_GROUP = 'LOCAL_USERS';

const closed = { additionalProperties: false };

export const EMAIL_PATTERN = '^[^\\s@]+@[^\\s@]+$';

/** Without `@`, so that a candidate of a task is either a group or a user. */
export const GROUP_CODE_PATTERN = '^[^\\s@]+$';

/** The content of `kuflow.people.yaml` as written. The published JSON Schema and the validation of the file come from it. */
export const PeopleFileSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'For editors. Only needed in JSON files.' })),
    users: Type.Array(
      Type.Object(
        {
          email: Type.String({ description: 'Email address. It identifies the user.', pattern: EMAIL_PATTERN }),
          name: Type.String({ description: 'Name that people see.', pattern: '\\S' }),
          groups: Type.Optional(
            Type.Array(Type.String({ description: 'Code of a group in this file.', pattern: '\\S' }), {
              description: 'Codes of the groups that the user belongs to.',
              uniqueItems: true,
            }),
          ),
        },
        { ...closed, description: 'One user.' },
      ),
      { description: 'The users. The first one is the user of commands that do not name one.', minItems: 1 },
    ),
    groups: Type.Optional(
      Type.Array(
        Type.Object(
          {
            code: Type.String({ description: 'Code of the group, unique in this file.', pattern: GROUP_CODE_PATTERN }),
            name: Type.String({ description: 'Name that people see.', pattern: '\\S' }),
          },
          { ...closed, description: 'One group.' },
        ),
        { description: 'The groups.' },
      ),
    ),
    'process-managers': Type.Optional(
      Type.Array(Type.String({ description: 'Code of a group or email of a user in this file.', pattern: '\\S' }), {
        description: 'Who may invoke the actions that are available to process managers. Default: everyone.',
        uniqueItems: true,
      }),
    ),
  },
  { ...closed },
);

export type PeopleFile = Static<typeof PeopleFileSchema>;

/** The users and groups of a local KuFlow without a people file. */
export const DEFAULT_PEOPLE: PeopleSeed = {
  users: [{ email: 'local.user@example.com', name: 'Local user', groups: [] }],
  groups: [],
};

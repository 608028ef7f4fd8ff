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

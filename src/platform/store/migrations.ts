/** The migrations of the state file, in order. `user_version` is the number of those that were applied. Never edit a released entry: add a new one. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE tenants (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, plan TEXT NOT NULL,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE principals (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, user_id TEXT, email TEXT, disabled_at TEXT
  ) STRICT;
  CREATE UNIQUE INDEX principals_email ON principals (email) WHERE email IS NOT NULL;

  CREATE TABLE user_tokens (
    principal_id TEXT PRIMARY KEY REFERENCES principals (id), token TEXT NOT NULL, position INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE credentials (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, principal_id TEXT NOT NULL REFERENCES principals (id)
  ) STRICT;

  CREATE TABLE user_groups (
    id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, position INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE user_group_members (
    group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE, principal_id TEXT NOT NULL REFERENCES principals (id),
    PRIMARY KEY (group_id, principal_id)
  ) STRICT;
  CREATE INDEX user_group_members_principal ON user_group_members (principal_id);

  CREATE TABLE tenant_users (
    id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenants (id), principal_id TEXT NOT NULL REFERENCES principals (id), metadata TEXT,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE authentications (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, tenant_id TEXT NOT NULL, created_by TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE encryption_keys (
    id TEXT PRIMARY KEY, definition_id TEXT NOT NULL UNIQUE, value TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE process_definitions (
    id TEXT NOT NULL, version TEXT NOT NULL, definition TEXT NOT NULL, PRIMARY KEY (id, version)
  ) STRICT;

  CREATE TABLE processes (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant_id TEXT NOT NULL,
    definition_id TEXT NOT NULL, definition_version TEXT NOT NULL, definition_code TEXT NOT NULL,
    state TEXT NOT NULL, initiator_id TEXT NOT NULL, related_process_id TEXT, metadata TEXT NOT NULL, entity TEXT NOT NULL,
    workflow_outcome TEXT, workflow_message TEXT, encryption_key_id TEXT,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL,
    deleted_by TEXT, deleted_at TEXT
  ) STRICT;
  CREATE INDEX processes_related ON processes (related_process_id) WHERE related_process_id IS NOT NULL;
  CREATE INDEX processes_definition ON processes (definition_code, seq);
  CREATE INDEX processes_definition_version ON processes (definition_id, definition_version);

  CREATE TABLE process_actions (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, process_id TEXT NOT NULL REFERENCES processes (id), code TEXT NOT NULL, type TEXT NOT NULL,
    status TEXT NOT NULL, result TEXT, task_queue TEXT, workflow_outcome TEXT, workflow_message TEXT,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX process_actions_process ON process_actions (process_id, seq);

  CREATE TABLE process_items (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, process_id TEXT NOT NULL REFERENCES processes (id), tenant_id TEXT NOT NULL, type TEXT NOT NULL,
    definition_id TEXT, definition_version TEXT, definition_code TEXT, owner_id TEXT, thread_id TEXT,
    state TEXT, data TEXT, context_data TEXT, message_text TEXT, message_data TEXT, message_data_code TEXT,
    claimed_at TEXT, completed_at TEXT, cancelled_at TEXT,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX process_items_process ON process_items (process_id, seq);

  CREATE TABLE task_logs (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, process_item_id TEXT NOT NULL REFERENCES process_items (id),
    timestamp TEXT NOT NULL, level TEXT NOT NULL, message TEXT NOT NULL
  ) STRICT;
  CREATE INDEX task_logs_item ON task_logs (process_item_id, seq);

  CREATE TABLE documents (
    id TEXT PRIMARY KEY, uri TEXT NOT NULL UNIQUE, owner_uri TEXT NOT NULL, content_id TEXT NOT NULL,
    name TEXT NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL, linked_to TEXT, created_by TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX documents_owner ON documents (owner_uri);

  CREATE TABLE workers (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, task_queue TEXT NOT NULL, registration TEXT NOT NULL,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL,
    UNIQUE (identity, task_queue)
  ) STRICT;

  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, workflow_id TEXT NOT NULL, process_id TEXT NOT NULL, command TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX outbox_workflow ON outbox (workflow_id, seq);

  CREATE TABLE webhook_deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, process_id TEXT NOT NULL REFERENCES processes (id),
    type TEXT NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, trying_since TEXT, latest TEXT
  ) STRICT;
  CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (process_id, seq) WHERE state = 'PENDING';
  CREATE INDEX webhook_deliveries_process ON webhook_deliveries (process_id, seq);

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, process_id TEXT NOT NULL, time TEXT NOT NULL, kind TEXT NOT NULL,
    process_item_id TEXT, code TEXT, principal_id TEXT, detail TEXT
  ) STRICT;
  CREATE INDEX events_process ON events (process_id, seq);
  `,
];

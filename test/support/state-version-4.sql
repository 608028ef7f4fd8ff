-- The state of a local KuFlow, as version 4 of the state file stored it: a process with a task, a document and a message, a canceled one, and one whose start
-- waits for the engine, as do the signal of the task and the cancellation.
CREATE TABLE authentications (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, tenant_id TEXT NOT NULL, created_by TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;
CREATE TABLE credentials (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, principal_id TEXT NOT NULL REFERENCES principals (id)
  ) STRICT;
INSERT INTO "credentials" VALUES('e6e52228bb951ef9438774700134085e9a37a81dac323a6decdbc097ddb17cd3','secret','01a22ccf-3a2a-7ca7-9438-128898ef0028');
INSERT INTO "credentials" VALUES('2e5727f3121fffd86980970a8cba435433e16c3365d40b3ece9ec1b3125ef423','token','01a22ccf-3a71-777c-a3d0-d7dd85e05a93');
CREATE TABLE documents (
    id TEXT PRIMARY KEY, uri TEXT NOT NULL UNIQUE, process_id TEXT NOT NULL REFERENCES processes (id), content_id TEXT NOT NULL,
    name TEXT NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL, linked_to TEXT, created_by TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;
INSERT INTO "documents" VALUES('01a22ccf-832b-791c-93fa-f576a2f16cd8','ku:process/01a22ccf-820b-7294-b7a2-ce714097d552/document/01a22ccf-832b-791c-93fa-f576a2f16cd8','01a22ccf-820b-7294-b7a2-ce714097d552','01a22ccf-832b-791c-93fa-f576a2f16cd8','contract.txt','text/plain',12,NULL,'01a22ccf-3a71-777c-a3d0-d7dd85e05a93','2026-11-30T14:15:26.763Z');
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, process_id TEXT NOT NULL, time TEXT NOT NULL, kind TEXT NOT NULL,
    process_item_id TEXT, code TEXT, principal_id TEXT, detail TEXT
  ) STRICT;
INSERT INTO "events" VALUES(1,'01a22ccf-820b-7294-b7a2-ce714097d552','2026-11-30T14:15:26.476Z','process-started',NULL,'LOAN','01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL);
INSERT INTO "events" VALUES(2,'01a22ccf-820b-7294-b7a2-ce714097d552','2026-11-30T14:15:26.615Z','item-created','01a22ccf-8290-722c-b58f-78ede6082a95','LOAN_APPLICATION','01a22ccf-3a2a-7ca7-9438-128898ef0028','TASK');
INSERT INTO "events" VALUES(3,'01a22ccf-820b-7294-b7a2-ce714097d552','2026-11-30T14:15:26.681Z','item-claimed','01a22ccf-8290-722c-b58f-78ede6082a95','LOAN_APPLICATION','01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL);
INSERT INTO "events" VALUES(4,'01a22ccf-820b-7294-b7a2-ce714097d552','2026-11-30T14:15:26.742Z','data-saved','01a22ccf-8290-722c-b58f-78ede6082a95','LOAN_APPLICATION','01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL);
INSERT INTO "events" VALUES(5,'01a22ccf-820b-7294-b7a2-ce714097d552','2026-11-30T14:15:26.771Z','item-created','01a22ccf-8332-7e87-9d54-22d3093b3187','LOAN_RESULT','01a22ccf-3a2a-7ca7-9438-128898ef0028','MESSAGE');
INSERT INTO "events" VALUES(6,'01a22ccf-820b-7294-b7a2-ce714097d552','2026-11-30T14:15:26.784Z','item-created','01a22ccf-833f-7c8e-9dcb-f9330d7bab3b','LOAN_DISCUSSION','01a22ccf-3a2a-7ca7-9438-128898ef0028','THREAD');
INSERT INTO "events" VALUES(7,'01a22ccf-8347-73c5-96b0-edead307a277','2026-11-30T14:15:26.792Z','process-started',NULL,'LOAN','01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL);
INSERT INTO "events" VALUES(8,'01a22ccf-8347-73c5-96b0-edead307a277','2026-11-30T14:15:26.806Z','process-cancelled',NULL,NULL,'01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL);
INSERT INTO "events" VALUES(9,'01a22ccf-820b-7294-b7a2-ce714097d552','2026-11-30T14:15:35.496Z','item-completed','01a22ccf-8290-722c-b58f-78ede6082a95','LOAN_APPLICATION','01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL);
INSERT INTO "events" VALUES(10,'01a22ccf-a577-78f2-9aff-b0e34a389986','2026-11-30T14:15:35.544Z','process-started',NULL,'LOAN','01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "meta" VALUES('first-event-id','1796048108062000');
INSERT INTO "meta" VALUES('identity','{"tenantId":"01a22ccf-3a29-723d-b85f-74f485b37227","namespace":"tenant-01a22ccf-3a29-723d-b85f-74f485b37227","systemId":"01a22ccf-3a29-75e8-b89b-0764775bda00","application":{"id":"01a22ccf-3a2a-7ca7-9438-128898ef0028","secret":"kfdev_00000000000000000000000000000000","name":"Local application"}}');
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, process_id TEXT NOT NULL, command TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;
INSERT INTO "outbox" VALUES(3,'01a22ccf-8347-73c5-96b0-edead307a277','{"kind":"cancel-workflow","reason":"The process was canceled by Local user"}','2026-11-30T14:15:26.807Z');
INSERT INTO "outbox" VALUES(4,'01a22ccf-820b-7294-b7a2-ce714097d552','{"kind":"signal-workflow","signalName":"KuFlow_Engine_Signal_Process_Item","payload":{"id":"01a22ccf-8290-722c-b58f-78ede6082a95","type":"TASK","payload":{"processItemDefinitionCode":"LOAN_APPLICATION","dataStructureDataDefinitionCode":null},"requestTime":"2026-11-30T14:15:35.495+00:00","requestTimeZone":"UTC"}}','2026-11-30T14:15:35.496Z');
INSERT INTO "outbox" VALUES(5,'01a22ccf-a577-78f2-9aff-b0e34a389986','{"kind":"start-workflow","workflowType":"LoanWorkflow","taskQueue":"LOAN_QUEUE","input":{"processId":"01a22ccf-a577-78f2-9aff-b0e34a389986","requestTime":"2026-11-30T14:15:35.543+00:00","requestTimeZone":"UTC","extras":{}}}','2026-11-30T14:15:35.543Z');
CREATE TABLE principals (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, user_id TEXT, email TEXT
  , disabled_at TEXT) STRICT;
INSERT INTO "principals" VALUES('01a22ccf-3a29-75e8-b89b-0764775bda00','SYSTEM','KuFlow',NULL,NULL,NULL);
INSERT INTO "principals" VALUES('01a22ccf-3a2a-7ca7-9438-128898ef0028','APPLICATION','Local application',NULL,NULL,NULL);
INSERT INTO "principals" VALUES('01a22ccf-3a71-777c-a3d0-d7dd85e05a93','USER','Local user','01a22ccf-3a71-7d90-aa57-b2c320d22733','local.user@example.com',NULL);
CREATE TABLE process_definitions (
    id TEXT NOT NULL, version TEXT NOT NULL, definition TEXT NOT NULL, PRIMARY KEY (id, version)
  ) STRICT;
INSERT INTO "process_definitions" VALUES('059d3675-bd6a-5371-bdbb-c1639086e143','8c6c0a5a-e616-5b99-8b7a-b9c24bf71c27','{"process":{"code":"LOAN","name":"Loan"},"workflow":{"type":"LoanWorkflow","taskQueue":"LOAN_QUEUE"},"metadata":{"schema":{"type":"object","properties":{"firstName":{"type":"string","title":"First name"},"lastName":{"type":"string","title":"Last name"}}}},"tasks":[{"code":"LOAN_APPLICATION","kind":"human","name":"Loan application","description":"Applicant and amount of the loan","data":{"schema":{"type":"object","properties":{"firstName":{"type":"string","title":"First name","minLength":1},"lastName":{"type":"string","title":"Last name","minLength":1},"email":{"type":"string","title":"Email","format":"email"},"currency":{"type":"string","title":"Currency","enum":["EUR","USD","GBP"]},"amount":{"type":"number","title":"Amount","minimum":1,"maximum":1000000},"purpose":{"type":"string","title":"Purpose"}},"required":["firstName","lastName","currency","amount"]},"uiSchema":{"type":"VerticalLayout","elements":[{"type":"HorizontalLayout","elements":[{"type":"Control","scope":"#/properties/firstName"},{"type":"Control","scope":"#/properties/lastName"}]},{"type":"Control","scope":"#/properties/email"},{"type":"HorizontalLayout","elements":[{"type":"Control","scope":"#/properties/amount"},{"type":"Control","scope":"#/properties/currency"}]},{"type":"Control","scope":"#/properties/purpose","options":{"multi":true}}]}}},{"code":"CHECK_CREDIT","kind":"system","name":"Check credit","description":"The worker scores the applicant automatically","data":{"schema":{"type":"object","properties":{"score":{"type":"integer","title":"Score","minimum":0,"maximum":1000},"decision":{"type":"string","title":"Decision","enum":["ACCEPT","REVIEW"]}},"required":["score","decision"]}}},{"code":"APPROVE_LOAN","kind":"human","name":"Approve loan","description":"A person approves or rejects the loan","data":{"schema":{"type":"object","properties":{"approved":{"type":"boolean","title":"Approved"},"comments":{"type":"string","title":"Comments"}},"required":["approved"]}}},{"code":"LOAN_RESULT","kind":"message","name":"Loan result","description":"Informs the applicant of the decision"},{"code":"LOAN_DISCUSSION","kind":"thread","name":"Loan discussion","description":"Questions about the application"}]}');
CREATE TABLE process_items (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, process_id TEXT NOT NULL REFERENCES processes (id), tenant_id TEXT NOT NULL, type TEXT NOT NULL,
    definition_id TEXT, definition_version TEXT, definition_code TEXT, owner_id TEXT,
    state TEXT, data TEXT, context_data TEXT, message_text TEXT, message_data TEXT, message_data_code TEXT,
    claimed_at TEXT, completed_at TEXT, cancelled_at TEXT,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL
  , thread_id TEXT) STRICT;
INSERT INTO "process_items" VALUES(1,'01a22ccf-8290-722c-b58f-78ede6082a95','01a22ccf-820b-7294-b7a2-ce714097d552','01a22ccf-3a29-723d-b85f-74f485b37227','TASK','94ff2560-0806-5360-99fd-3334810053fc','cc00cbe7-05cf-5a34-b96a-119bf535924d','LOAN_APPLICATION','01a22ccf-3a71-777c-a3d0-d7dd85e05a93','COMPLETED','{"firstName":"Ada","lastName":"Lovelace","currency":"EUR","amount":25000}',NULL,NULL,NULL,NULL,'2026-11-30T14:15:26.681Z','2026-11-30T14:15:35.495Z',NULL,'01a22ccf-3a2a-7ca7-9438-128898ef0028','2026-11-30T14:15:26.615Z','01a22ccf-3a71-777c-a3d0-d7dd85e05a93','2026-11-30T14:15:35.495Z',NULL);
INSERT INTO "process_items" VALUES(2,'01a22ccf-8332-7e87-9d54-22d3093b3187','01a22ccf-820b-7294-b7a2-ce714097d552','01a22ccf-3a29-723d-b85f-74f485b37227','MESSAGE','47bf633a-0786-50ee-8546-42cda7de30d9','e15b827a-f195-5c38-a2c9-24cbb5de9fa9','LOAN_RESULT',NULL,NULL,NULL,NULL,'In progress',NULL,NULL,NULL,NULL,NULL,'01a22ccf-3a2a-7ca7-9438-128898ef0028','2026-11-30T14:15:26.771Z','01a22ccf-3a2a-7ca7-9438-128898ef0028','2026-11-30T14:15:26.771Z',NULL);
INSERT INTO "process_items" VALUES(3,'01a22ccf-833f-7c8e-9dcb-f9330d7bab3b','01a22ccf-820b-7294-b7a2-ce714097d552','01a22ccf-3a29-723d-b85f-74f485b37227','THREAD','67c7f008-5be9-51e4-b119-9a5d033b0bd0','0e16f3da-4767-5155-a8ab-eda1cb39d70d','LOAN_DISCUSSION',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'01a22ccf-3a2a-7ca7-9438-128898ef0028','2026-11-30T14:15:26.784Z','01a22ccf-3a2a-7ca7-9438-128898ef0028','2026-11-30T14:15:26.784Z',NULL);
CREATE TABLE processes (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant_id TEXT NOT NULL,
    definition_id TEXT NOT NULL, definition_version TEXT NOT NULL, definition_code TEXT NOT NULL,
    state TEXT NOT NULL, initiator_id TEXT NOT NULL, related_process_id TEXT, metadata TEXT NOT NULL, entity TEXT NOT NULL,
    workflow_outcome TEXT, workflow_message TEXT,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL
  , deleted_by TEXT, deleted_at TEXT) STRICT;
INSERT INTO "processes" VALUES(1,'01a22ccf-820b-7294-b7a2-ce714097d552','01a22ccf-3a29-723d-b85f-74f485b37227','059d3675-bd6a-5371-bdbb-c1639086e143','8c6c0a5a-e616-5b99-8b7a-b9c24bf71c27','LOAN','RUNNING','01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL,'{"firstName":"Ada","lastName":"Lovelace"}','{}',NULL,NULL,'01a22ccf-3a71-777c-a3d0-d7dd85e05a93','2026-11-30T14:15:26.475Z','01a22ccf-3a71-777c-a3d0-d7dd85e05a93','2026-11-30T14:15:26.475Z',NULL,NULL);
INSERT INTO "processes" VALUES(2,'01a22ccf-8347-73c5-96b0-edead307a277','01a22ccf-3a29-723d-b85f-74f485b37227','059d3675-bd6a-5371-bdbb-c1639086e143','8c6c0a5a-e616-5b99-8b7a-b9c24bf71c27','LOAN','CANCELLED','01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL,'{}','{}',NULL,NULL,'01a22ccf-3a71-777c-a3d0-d7dd85e05a93','2026-11-30T14:15:26.791Z','01a22ccf-3a71-777c-a3d0-d7dd85e05a93','2026-11-30T14:15:26.806Z',NULL,NULL);
INSERT INTO "processes" VALUES(3,'01a22ccf-a577-78f2-9aff-b0e34a389986','01a22ccf-3a29-723d-b85f-74f485b37227','059d3675-bd6a-5371-bdbb-c1639086e143','8c6c0a5a-e616-5b99-8b7a-b9c24bf71c27','LOAN','RUNNING','01a22ccf-3a71-777c-a3d0-d7dd85e05a93',NULL,'{"firstName":"Grace"}','{}',NULL,NULL,'01a22ccf-3a71-777c-a3d0-d7dd85e05a93','2026-11-30T14:15:35.543Z','01a22ccf-3a71-777c-a3d0-d7dd85e05a93','2026-11-30T14:15:35.543Z',NULL,NULL);
CREATE TABLE task_logs (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, process_item_id TEXT NOT NULL REFERENCES process_items (id),
    timestamp TEXT NOT NULL, level TEXT NOT NULL, message TEXT NOT NULL
  ) STRICT;
CREATE TABLE tenant_users (
    id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenants (id), principal_id TEXT NOT NULL REFERENCES principals (id), metadata TEXT,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL
  ) STRICT;
INSERT INTO "tenant_users" VALUES('01a22ccf-3a71-719e-be34-1439724fdfaa','01a22ccf-3a29-723d-b85f-74f485b37227','01a22ccf-3a71-777c-a3d0-d7dd85e05a93','{}','01a22ccf-3a29-75e8-b89b-0764775bda00','2026-11-30T14:15:08.145Z','01a22ccf-3a29-75e8-b89b-0764775bda00','2026-11-30T14:15:08.145Z');
CREATE TABLE tenants (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, plan TEXT NOT NULL,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL
  ) STRICT;
INSERT INTO "tenants" VALUES('01a22ccf-3a29-723d-b85f-74f485b37227','Local tenant','UNLIMITED','01a22ccf-3a29-75e8-b89b-0764775bda00','2026-11-30T14:15:08.074Z','01a22ccf-3a29-75e8-b89b-0764775bda00','2026-11-30T14:15:08.074Z');
CREATE TABLE user_group_members (
    group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE, principal_id TEXT NOT NULL REFERENCES principals (id),
    PRIMARY KEY (group_id, principal_id)
  ) STRICT;
INSERT INTO "user_group_members" VALUES('5150e1de-07e7-5df9-a4c0-34e528df504c','01a22ccf-3a71-777c-a3d0-d7dd85e05a93');
CREATE TABLE user_groups (
    id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, position INTEGER NOT NULL
  ) STRICT;
INSERT INTO "user_groups" VALUES('5150e1de-07e7-5df9-a4c0-34e528df504c','01a22ccf-3a29-723d-b85f-74f485b37227','LOCAL_USERS','Local users',0);
CREATE TABLE user_tokens (
    principal_id TEXT PRIMARY KEY REFERENCES principals (id), token TEXT NOT NULL, position INTEGER NOT NULL
  ) STRICT;
INSERT INTO "user_tokens" VALUES('01a22ccf-3a71-777c-a3d0-d7dd85e05a93','kfdev_00000000000000000000000000000001',0);
CREATE TABLE workers (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, task_queue TEXT NOT NULL, registration TEXT NOT NULL,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_modified_by TEXT NOT NULL, last_modified_at TEXT NOT NULL,
    UNIQUE (identity, task_queue)
  ) STRICT;
CREATE UNIQUE INDEX principals_email ON principals (email) WHERE email IS NOT NULL;
CREATE INDEX processes_related ON processes (related_process_id) WHERE related_process_id IS NOT NULL;
CREATE INDEX processes_definition ON processes (definition_code, seq);
CREATE INDEX process_items_process ON process_items (process_id, seq);
CREATE INDEX task_logs_item ON task_logs (process_item_id, seq);
CREATE INDEX documents_process ON documents (process_id);
CREATE INDEX outbox_process ON outbox (process_id, seq);
CREATE INDEX events_process ON events (process_id, seq);
CREATE INDEX processes_definition_version ON processes (definition_id, definition_version);
CREATE INDEX user_group_members_principal ON user_group_members (principal_id);

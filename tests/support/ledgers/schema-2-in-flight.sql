PRAGMA application_id = 1651862635;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE claim (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, at REAL NOT NULL);
INSERT INTO "claim" VALUES(1,3,1.7960651426674997806e+09);
CREATE TABLE creation (
    namespace TEXT, repository TEXT, run INTEGER NOT NULL, at REAL,
    certain INTEGER NOT NULL,
    until REAL,                   -- our request left by `at`, was answered by `until`
    PRIMARY KEY (namespace, repository)
) WITHOUT ROWID;
CREATE TABLE doubt (
    namespace TEXT, repository TEXT, since REAL NOT NULL,
    PRIMARY KEY (namespace, repository)
) WITHOUT ROWID;
CREATE TABLE item (
    id INTEGER PRIMARY KEY,       -- ascending in list order
    run INTEGER NOT NULL,
    list INTEGER NOT NULL,        -- index into run.lists
    line INTEGER NOT NULL,
    namespace TEXT, repository TEXT, is_public, category TEXT, description TEXT,
    wanted INTEGER NOT NULL,      -- 1: to be created, 0: invalid or a duplicate
    problems TEXT                 -- JSON array
);
INSERT INTO "item" VALUES(1,1,0,2,'team-a','api',0,NULL,NULL,1,NULL);
INSERT INTO "item" VALUES(2,1,0,3,'team-a','web',0,NULL,NULL,1,NULL);
INSERT INTO "item" VALUES(3,1,0,4,'team-a','worker',0,NULL,NULL,1,NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
INSERT INTO "meta" VALUES('endpoint','http://127.0.0.1:18999');
INSERT INTO "meta" VALUES('sent','{"endpoint":"http://127.0.0.1:18999","at":1796065142.6664207,"ended":false,"sent":[]}');
CREATE TABLE outcome (
    item INTEGER PRIMARY KEY,
    outcome TEXT NOT NULL, certain INTEGER NOT NULL, differences TEXT,
    status INTEGER, code TEXT, message TEXT, request_id TEXT,
    reason TEXT, evidence TEXT,
    attempts INTEGER NOT NULL, started_at REAL, elapsed_ms REAL,
    doubt REAL                    -- first try that may have created it unproven
);
INSERT INTO "outcome" VALUES(1,'created',1,NULL,201,NULL,NULL,NULL,NULL,NULL,1,1.79606514266801071165e+09,6.1,NULL);
INSERT INTO "outcome" VALUES(3,'created',1,NULL,201,NULL,NULL,NULL,NULL,NULL,1,1.79606514268803834919e+09,1.8,NULL);
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    command TEXT NOT NULL,
    state TEXT NOT NULL,          -- loading, running, stopped, finished
    lists TEXT NOT NULL,          -- JSON array of paths
    digest TEXT,                  -- of the lists' bytes and what shapes their rows
    endpoint TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at REAL NOT NULL,     -- epoch seconds
    finished_at REAL,
    stopped TEXT,
    requests INTEGER NOT NULL DEFAULT 0,
    throttled INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "run" VALUES(1,'create','running','["list.csv"]','fd0eb00806425788d1504d19a5d5ae9a06bfd21938296d47a9e7469d29f6dbc85233c2fdea865f75b85e8220799481221be231f778ae8accbc6990723ced9ed1','http://127.0.0.1:18999','0.1.0',1.79606514266405248641e+09,NULL,NULL,0,0);
CREATE UNIQUE INDEX item_key ON item (run, namespace, repository) WHERE wanted;
CREATE VIEW report AS
SELECT item.run, json_extract(run.lists, '$[' || item.list || ']') AS source,
    item.line, item.namespace, item.repository, item.is_public, item.category,
    item.description, coalesce(outcome.outcome, 'not_attempted') AS outcome,
    outcome.certain, outcome.differences, item.problems, outcome.status, outcome.code,
    outcome.message, outcome.request_id, outcome.reason, outcome.evidence,
    outcome.attempts, outcome.started_at, outcome.elapsed_ms
FROM item JOIN run ON run.id = item.run LEFT JOIN outcome ON outcome.item = item.id;
COMMIT;

PRAGMA application_id = 1651862635;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE claim (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, at REAL NOT NULL);
CREATE TABLE creation (
    namespace TEXT, repository TEXT, run INTEGER NOT NULL, at REAL,
    certain INTEGER NOT NULL,
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
INSERT INTO "item" VALUES(4,1,0,5,'team-a','Bad','false',NULL,NULL,0,'[{"field":"repository","rule":"uppercase","message":"has uppercase letters: B","got":"Bad","hint":"bad","line":5,"column":8}]');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
INSERT INTO "meta" VALUES('endpoint','http://127.0.0.1:18999');
CREATE TABLE outcome (
    item INTEGER PRIMARY KEY,
    outcome TEXT NOT NULL, certain INTEGER NOT NULL, differences TEXT,
    status INTEGER, code TEXT, message TEXT, request_id TEXT,
    reason TEXT, evidence TEXT,
    attempts INTEGER NOT NULL, started_at REAL, elapsed_ms REAL,
    doubt REAL                    -- first try that may have created it unproven
);
INSERT INTO "outcome" VALUES(1,'created',1,NULL,201,NULL,NULL,NULL,NULL,NULL,1,1.79606513646095180504e+09,9.9,NULL);
INSERT INTO "outcome" VALUES(2,'exists',1,NULL,409,'SVCSTG.SWR.4090006','The image already exists.',NULL,NULL,NULL,2,1.79606513647086524958e+09,87.4,NULL);
INSERT INTO "outcome" VALUES(3,'created',1,NULL,201,NULL,NULL,NULL,NULL,NULL,1,1.79606513648177170752e+09,4.8,NULL);
INSERT INTO "outcome" VALUES(4,'invalid',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL);
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
INSERT INTO "run" VALUES(1,'create','finished','["list.csv"]','4ebd6d83a1674418a1a45a8b649e00717e9d85d76ec2b05cc1cdb091654aefa2b5ea393e49693daa7e5e6bf019a077f6aa85bd7cb27ed48435b3b92d9e66832c','http://127.0.0.1:18999','0.1.0',1.79606513645698022841e+09,1.79606513656014633176e+09,NULL,4,0);
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

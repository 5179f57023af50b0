PRAGMA application_id = 1651862635;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE claim (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, at REAL NOT NULL);
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
INSERT INTO "item" VALUES(4,1,0,5,'team-a','Bad','false',NULL,NULL,0,'[{"field":"repository","rule":"uppercase","message":"has uppercase letters: B","got":"Bad","hint":"bad","line":5,"column":8}]');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
INSERT INTO "meta" VALUES('endpoint','http://127.0.0.1:18999');
INSERT INTO "meta" VALUES('sent','{"endpoint":"http://127.0.0.1:18999","at":1796065142.296464,"ended":true,"sent":[[1796065142.206464,1],[1796065142.216464,1],[1796065142.226464,1],[1796065142.256464,1]]}');
CREATE TABLE outcome (
    item INTEGER PRIMARY KEY,
    outcome TEXT NOT NULL, certain INTEGER NOT NULL, differences TEXT,
    status INTEGER, code TEXT, message TEXT, request_id TEXT,
    reason TEXT, evidence TEXT,
    attempts INTEGER NOT NULL, started_at REAL, elapsed_ms REAL,
    doubt REAL                    -- first try that may have created it unproven
);
INSERT INTO "outcome" VALUES(1,'created',1,NULL,201,NULL,NULL,NULL,NULL,NULL,1,1.79606514220408391944e+09,2.7,NULL);
INSERT INTO "outcome" VALUES(2,'exists',1,NULL,409,'SVCSTG.SWR.4090006','The image already exists.',NULL,NULL,NULL,2,1.79606514220681452755e+09,87.8,NULL);
INSERT INTO "outcome" VALUES(3,'created',1,NULL,201,NULL,NULL,NULL,NULL,NULL,1,1.79606514222415494918e+09,2.7,NULL);
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
INSERT INTO "run" VALUES(1,'create','finished','["list.csv"]','4ebd6d83a1674418a1a45a8b649e00717e9d85d76ec2b05cc1cdb091654aefa2b5ea393e49693daa7e5e6bf019a077f6aa85bd7cb27ed48435b3b92d9e66832c','http://127.0.0.1:18999','0.1.0',1.79606514219826626779e+09,1.79606514229750776289e+09,NULL,4,0);
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

"""
Pure. The ledger's tables, as SQL. The README documents them: people query them.

`item` holds the lists' rows and never changes after loading; `outcome` holds what
became of them. A claim is one row for a whole batch. `creation` and `doubt` outlive the
rows of past runs, with one row per repository, so that the file grows with the number
of repositories, not of runs.

Clocks are set, and processes die. So each process that works on a run has a number,
which rises and tells what came first; and times that are compared with SWR's are kept
by SWR's clock: `process` says how far that was ahead of the process's own.
"""

from bulkrepo.core.outcomes import UNPROVEN, UNTOLD

APPLICATION_ID = 0x62756C6B  # "bulk"
VERSION = 3
DRY = "undo --dry-run"
"""The command of runs that only show what an undo would remove."""

_PROCESS = """
CREATE TABLE process (
    id INTEGER PRIMARY KEY,       -- rises: what came first; 0: before schema 3
    ahead_min REAL, ahead_max REAL  -- seconds of SWR's clock before ours; NULL: unknown
)
"""

MIGRATIONS = {
    1: ("ALTER TABLE creation ADD COLUMN until REAL",),
    # Times of before are by clocks of which nothing is known.
    2: (
        _PROCESS,
        "ALTER TABLE run ADD COLUMN folder TEXT",
        "ALTER TABLE run ADD COLUMN process INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE claim ADD COLUMN process INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE outcome ADD COLUMN doubt_until REAL",
        "ALTER TABLE outcome ADD COLUMN process INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE creation ADD COLUMN process INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE doubt ADD COLUMN until REAL",
        "UPDATE outcome SET doubt = 0 WHERE doubt IS NOT NULL",
        "UPDATE creation SET until = NULL",
        "UPDATE doubt SET since = 0",
        "UPDATE run SET digest = '1:' || digest",
    ),
}
"""Version -> statements that upgrade a ledger to the next version."""

OUTCOME_COLUMNS = (
    "item",
    "outcome",
    "certain",
    "differences",
    "status",
    "code",
    "message",
    "request_id",
    "reason",
    "evidence",
    "attempts",
    "started_at",
    "elapsed_ms",
    "doubt",
    "doubt_until",
    "process",
)

_INDEX = """
CREATE UNIQUE INDEX {} item_key ON item (run, namespace, repository) WHERE wanted
"""

TABLES = """{process};
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    command TEXT NOT NULL,
    state TEXT NOT NULL,          -- loading, running, stopped, finished
    lists TEXT NOT NULL,          -- JSON array of paths
    digest TEXT,                  -- of the lists' bytes and what shapes their rows,
                                  -- after the version of what goes into it
    endpoint TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at REAL NOT NULL,     -- epoch seconds
    finished_at REAL,
    stopped TEXT,
    requests INTEGER NOT NULL DEFAULT 0,
    throttled INTEGER NOT NULL DEFAULT 0,
    folder TEXT,                  -- the working directory, to which lists are relative
    process INTEGER NOT NULL DEFAULT 0  -- the last one that worked on it
);
CREATE TABLE item (
    id INTEGER PRIMARY KEY,       -- ascending in list order
    run INTEGER NOT NULL,
    list INTEGER NOT NULL,        -- index into run.lists
    line INTEGER NOT NULL,
    namespace TEXT, repository TEXT, is_public, category TEXT, description TEXT,
    wanted INTEGER NOT NULL,      -- 1: to be created, 0: invalid or a duplicate
    problems TEXT                 -- JSON array
);
{index};
CREATE TABLE outcome (
    item INTEGER PRIMARY KEY,
    outcome TEXT NOT NULL, certain INTEGER NOT NULL, differences TEXT,
    status INTEGER, code TEXT, message TEXT, request_id TEXT,
    reason TEXT, evidence TEXT,
    attempts INTEGER NOT NULL, started_at REAL, elapsed_ms REAL,
    doubt REAL, doubt_until REAL,  -- when tries left that may have created it, by SWR's
                                  -- clock: from (0: unknown), to (NULL: unknown)
    process INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE claim (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, at REAL NOT NULL,
    process INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE creation (
    namespace TEXT, repository TEXT, run INTEGER NOT NULL, at REAL,
    certain INTEGER NOT NULL,
    until REAL,                   -- from `at` to `until`, by SWR's clock; NULL: unknown
    process INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (namespace, repository)
) WITHOUT ROWID;
CREATE TABLE doubt (
    namespace TEXT, repository TEXT, since REAL NOT NULL, until REAL,
    PRIMARY KEY (namespace, repository)
) WITHOUT ROWID;
CREATE VIEW report AS
SELECT item.run, json_extract(run.lists, '$[' || item.list || ']') AS source,
    item.line, item.namespace, item.repository, item.is_public, item.category,
    item.description, coalesce(outcome.outcome, 'not_attempted') AS outcome,
    outcome.certain, outcome.differences, item.problems, outcome.status, outcome.code,
    outcome.message, outcome.request_id, outcome.reason, outcome.evidence,
    outcome.attempts, outcome.started_at, outcome.elapsed_ms
FROM item JOIN run ON run.id = item.run LEFT JOIN outcome ON outcome.item = item.id;
""".format(process=_PROCESS, index=_INDEX.format(""))

# After a crash, rows that were handed out and never settled may have been created, or
# removed. What an undo left must not count as ours later, and a dry run only read.
# When the process died, and so when its last tries left, nobody knows.
RECOVER = (
    _INDEX.format("IF NOT EXISTS")
    + """;
UPDATE run SET state = 'stopped', stopped = 'the process ended without a word',
    finished_at = max(started_at, coalesce((SELECT max(at) FROM claim), 0), coalesce((
        SELECT max(outcome.started_at)
        FROM item NOT INDEXED JOIN outcome ON outcome.item = item.id
        WHERE item.run = run.id
    ), 0))
WHERE state = 'running';
UPDATE claim SET at = coalesce(
    (SELECT claim.at + ahead_min FROM process WHERE process.id = claim.process), 0
);
INSERT INTO outcome (item, outcome, certain, evidence, attempts, doubt, process)
SELECT item.id, 'not_attempted', command = '{dry}',
    CASE command WHEN 'undo' THEN '{untold}' WHEN '{dry}' THEN NULL
        ELSE '{unproven}' END,
    0, iif(command IN ('undo', '{dry}'), NULL, claim.at), claim.process
FROM claim JOIN item ON item.id BETWEEN claim.first AND claim.last
    JOIN run ON run.id = item.run
WHERE item.wanted AND NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.item = item.id);
UPDATE outcome SET certain = 0, evidence = '{unproven}',
    doubt = min(coalesce(doubt, claim.at), claim.at), doubt_until = NULL,
    process = claim.process
FROM claim WHERE outcome.item BETWEEN claim.first AND claim.last
AND outcome = 'not_attempted' AND NOT EXISTS (
    SELECT 1 FROM item JOIN run ON run.id = item.run
    WHERE item.id = outcome.item AND command IN ('undo', '{dry}')
);
DELETE FROM claim;
DELETE FROM outcome WHERE item IN (
    SELECT item.id FROM item JOIN run ON run.id = item.run WHERE state = 'loading'
);
DELETE FROM item WHERE run IN (SELECT id FROM run WHERE state = 'loading');
DELETE FROM run WHERE state = 'loading';
""".replace("{unproven}", UNPROVEN)
    .replace("{untold}", UNTOLD)
    .replace("{dry}", DRY)
)

# Which run created what, and what was removed again.
CREATED = """
INSERT INTO creation (namespace, repository, run, at, certain, until, process)
SELECT namespace, repository, run, started_at + coalesce(ahead_min, 0), certain,
    started_at + coalesce(elapsed_ms, 0) / 1000 + ahead_max, outcome.process
FROM item JOIN outcome ON outcome.item = item.id
    LEFT JOIN process ON process.id = outcome.process
WHERE run = ? AND outcome = 'created'
ON CONFLICT DO UPDATE SET run = excluded.run, at = excluded.at,
    certain = excluded.certain, until = excluded.until, process = excluded.process
WHERE (excluded.process, coalesce(excluded.at, 0))
    >= (creation.process, coalesce(creation.at, 0))
"""
REMOVED = """
DELETE FROM creation WHERE EXISTS (
    SELECT 1 FROM item JOIN outcome ON outcome.item = item.id
    WHERE item.run = ? AND item.wanted AND outcome = 'removed'
        AND item.namespace = creation.namespace
        AND item.repository = creation.repository
        AND coalesce(outcome.process > creation.process
            OR outcome.started_at >= creation.at, 1)
)
"""

# Keep what outlives a run's rows, then delete the rows.
FOLD = (
    CREATED,
    REMOVED,
    """
    DELETE FROM doubt WHERE EXISTS (
        SELECT 1 FROM item JOIN outcome ON outcome.item = item.id
        WHERE run = ? AND wanted AND outcome.doubt IS NULL
            AND outcome <> 'not_attempted'
            AND item.namespace = doubt.namespace
            AND item.repository = doubt.repository
    )
    """,
    """
    UPDATE outcome SET doubt = NULL WHERE doubt IS NOT NULL AND EXISTS (
        SELECT 1 FROM item AS doubted JOIN item ON item.run = ? AND item.wanted
            AND item.namespace = doubted.namespace
            AND item.repository = doubted.repository
        JOIN outcome AS proof ON proof.item = item.id
        WHERE doubted.id = outcome.item AND proof.doubt IS NULL
            AND proof.outcome <> 'not_attempted'
            AND proof.process > outcome.process
    )
    """,
    """
    INSERT INTO doubt
    SELECT namespace, repository, doubt, doubt_until
    FROM item JOIN outcome ON outcome.item = item.id
    WHERE run = ? AND wanted AND doubt IS NOT NULL
    ON CONFLICT DO UPDATE SET since = min(since, excluded.since),
        until = max(until, excluded.until)
    """,
    "DELETE FROM outcome WHERE item IN (SELECT id FROM item WHERE run = ?)",
    "DELETE FROM item WHERE run = ?",
)

# Doubts of other runs apply to the rows of this one, even if their own rows are gone.
# Of two values, max() is NULL if one is: unknown.
INHERIT = """
INSERT INTO outcome
    (item, outcome, certain, evidence, attempts, doubt, doubt_until, process)
SELECT item.id, 'not_attempted', 0, '{unproven}', 0, min(since),
    iif(count(until) = count(*), max(until), NULL), run.process
FROM (
    SELECT namespace, repository, since, until FROM doubt
    UNION ALL
    SELECT namespace, repository, doubt, doubt_until
    FROM outcome JOIN item ON item.id = outcome.item
    WHERE wanted AND doubt IS NOT NULL
) AS past JOIN item ON item.run = ? AND item.namespace = past.namespace
    AND item.repository = past.repository
JOIN run ON run.id = item.run
WHERE item.wanted GROUP BY item.id
ON CONFLICT (item) DO UPDATE
SET doubt = min(coalesce(doubt, excluded.doubt), excluded.doubt), certain = 0,
    doubt_until = iif(doubt IS NULL, excluded.doubt_until,
        max(doubt_until, excluded.doubt_until)),
    process = excluded.process, evidence = excluded.evidence
WHERE outcome = 'not_attempted'
""".replace("{unproven}", UNPROVEN)

# JSON both ways, in one SQLite step, which runs without Python's lock: the event loop
# needs it. A step per row would hand the lock over twice per row.
_PLACES = [str(number) for number in range(len(OUTCOME_COLUMNS) - 3)]
_PLACES += [f"{len(_PLACES)}][0", f"{len(_PLACES)}][1"]  # of `Outcome.doubt`
_READ = ", ".join(f"json_extract(value, '$[{place}]')" for place in _PLACES)
SETTLE = f"""
INSERT OR REPLACE INTO outcome SELECT {_READ}, :process FROM json_each(:outcomes)
"""  # noqa: S608 - our own words

_CLAIM = """json_array(namespace, repository,
    json(CASE WHEN is_public THEN 'true' ELSE 'false' END), category, description,
    id, json(iif(doubt IS NULL, 'null', json_array(doubt, doubt_until))), attempts)"""

# NOT INDEXED: read by row id. With the index, the whole run would be sorted.
PENDING = f"""
SELECT json_group_array({_CLAIM})
FROM (
    SELECT item.id, namespace, repository, is_public, category, description,
        outcome.doubt, outcome.doubt_until, coalesce(outcome.attempts, 0) AS attempts
    FROM item NOT INDEXED LEFT JOIN outcome ON outcome.item = item.id
    WHERE item.id > ? AND item.run = ? AND wanted
        AND (outcome.item IS NULL OR outcome.outcome = 'not_attempted')
    ORDER BY item.id LIMIT ?
)
"""  # noqa: S608 - our own words

# The same, with what is known of the creation to undo.
UNDOING = """
SELECT json_group_array(json_array(namespace, repository, json('false'), NULL, NULL,
    id, NULL, attempts, json(iif(certain AND until IS NOT NULL,
        json_array(at, until), 'null'))))
FROM (
    SELECT item.id, item.namespace, item.repository, creation.certain, creation.at,
        creation.until,
        coalesce(outcome.attempts, 0) AS attempts
    FROM item NOT INDEXED LEFT JOIN outcome ON outcome.item = item.id
    LEFT JOIN creation ON creation.namespace = item.namespace
        AND creation.repository = item.repository
    WHERE item.id > ? AND item.run = ? AND wanted
        AND (outcome.item IS NULL OR outcome.outcome = 'not_attempted')
    ORDER BY item.id LIMIT ?
)
"""

# The pending rows of one organization, by name.
MATCHING = f"""
SELECT json_group_array({_CLAIM})
FROM (
    SELECT item.id, namespace, repository, is_public, category, description,
        outcome.doubt, outcome.doubt_until, coalesce(outcome.attempts, 0) AS attempts
    FROM json_each(?) AS name CROSS JOIN item
        ON item.run = ? AND item.namespace = ? AND item.repository = name.value
    LEFT JOIN outcome ON outcome.item = item.id
    WHERE wanted AND (outcome.item IS NULL OR outcome.outcome = 'not_attempted')
)
"""  # noqa: S608 - our own words

ORGANIZATIONS = """
SELECT namespace, count(*)
FROM item NOT INDEXED LEFT JOIN outcome ON outcome.item = item.id
WHERE run = ? AND wanted
    AND (outcome.item IS NULL OR outcome.outcome = 'not_attempted')
GROUP BY namespace ORDER BY min(item.id)
"""

SUCCEEDED = "('created', 'exists', 'updated', 'duplicate', 'removed')"
# The rows of a run to retry, or all of them.
RETRY = f"""
INSERT INTO item (run, list, line, namespace, repository, is_public, category,
    description, wanted)
SELECT :new, list, line, namespace, repository, is_public, category, description, 1
FROM item NOT INDEXED LEFT JOIN outcome ON outcome.item = item.id
WHERE run = :past AND wanted
    AND (:all OR coalesce(outcome, 'not_attempted') NOT IN {SUCCEEDED})
ORDER BY item.id
"""  # noqa: S608 - our own words

# What the past run created and nobody undid, newest first.
UNDO = """
INSERT INTO item (run, list, line, namespace, repository, wanted)
SELECT :new, 0, row_number() OVER newest_first
    + (SELECT coalesce(max(line), 0) FROM item WHERE run = :new),
    namespace, repository, 1
FROM creation WHERE run = :past
WINDOW newest_first AS (ORDER BY process DESC, at DESC, namespace, repository)
ORDER BY process DESC, at DESC, namespace, repository
"""

# In the order of `outcomes.Item`, but for the endpoint, which is the run's.
ITEMS = """
SELECT list, line, namespace, repository, is_public, category, description, outcome,
    certain, differences, problems, status, code, message, request_id, reason,
    evidence, coalesce(attempts, 0), outcome.started_at, elapsed_ms
FROM item NOT INDEXED LEFT JOIN outcome ON outcome.item = item.id
WHERE item.run = ? AND (? OR NOT wanted) ORDER BY item.id
"""

# The worst difference: who may see a repository, wanted and found.
VISIBLE = """
SELECT count(*), min(item.id)
FROM item NOT INDEXED JOIN outcome ON outcome.item = item.id
WHERE run = ? AND differences IS NOT NULL
    AND outcome IN ('differs', 'to_update', 'failed')
    AND json_extract(differences, '$.is_public[0]') = ?
    AND json_extract(differences, '$.is_public[1]') = ?
"""

COUNTS = """
SELECT coalesce(outcome, 'not_attempted') AS verdict, count(*),
    sum(certain = 0)
FROM item NOT INDEXED LEFT JOIN outcome ON outcome.item = item.id
WHERE run = ? GROUP BY verdict
"""

# Rows with the same outcome and reason; with the same code, messages may differ.
REASONS = """
SELECT coalesce(outcome, 'not_attempted') AS verdict, count(*) AS n,
    -- A difference is the same whatever the create was answered with.
    CASE WHEN outcome <> 'differs' THEN outcome.code END AS code,
    coalesce(
        CASE WHEN outcome = 'differs' THEN (
            SELECT 'other ' || group_concat(key, ', ') FROM json_each(differences)
        ) END,
        reason, message,
        json_extract(problems, '$[0].message'), 'answered ' || status, ''
    ) AS words,
    min(item.id) AS first, json_extract(problems, '$[0].rule'),
    json_extract(problems, '$[0].field')
FROM item NOT INDEXED LEFT JOIN outcome ON outcome.item = item.id
WHERE run = ? AND coalesce(outcome, 'not_attempted')
    NOT IN ('created', 'exists', 'updated', 'duplicate', 'removed', 'to_create',
        'to_update', 'to_remove')
GROUP BY verdict, 3, CASE
    WHEN outcome = 'invalid' THEN json_extract(problems, '$[0].field')
        || json_extract(problems, '$[0].rule')
    WHEN outcome = 'differs' THEN words
    WHEN code IS NOT NULL AND reason IS NULL THEN '' ELSE words END
ORDER BY n DESC, first LIMIT 20
"""

# Whether the ledger knows anything from its endpoint. A mistyped endpoint answered
# nothing useful, and does not bind the file.
PROVEN = """
SELECT EXISTS (SELECT 1 FROM creation) OR EXISTS (SELECT 1 FROM doubt)
    OR EXISTS (SELECT 1 FROM claim) OR EXISTS (
        SELECT 1 FROM outcome
        WHERE doubt IS NOT NULL
            OR outcome IN ('created', 'exists', 'differs', 'updated')
    )
"""

/** What makes a file of ours: told from a foreign one by its header, and brought up to date step by step. */
export interface FileLayout {
  /** Stands in the file's header. */
  readonly applicationId: number;
  /** One more for every change of the tables: entry n leads from version n to n + 1. */
  readonly migrations: readonly string[];
}

/**
 * The outbox. Its id reads "EKJL".
 *
 * Records that are only ever read whole are kept as JSON text; what uniqueness or lookup needs is a column. Bigints
 * are text, except nonces, which have to be compared.
 */
export const JOURNAL_LAYOUT: FileLayout = Object.freeze({
  applicationId: 0x454b4a4c,
  migrations: [
    `
CREATE TABLE intents (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE programmes (
  intent_id TEXT NOT NULL, slice INTEGER NOT NULL, state TEXT NOT NULL, cancel_requested INTEGER NOT NULL,
  body TEXT NOT NULL, created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (intent_id, slice)
) STRICT;
CREATE TABLE reservations (
  id INTEGER PRIMARY KEY, intent_id TEXT NOT NULL, slice INTEGER NOT NULL, step TEXT NOT NULL, attempt INTEGER NOT NULL,
  chain_id INTEGER NOT NULL, account TEXT NOT NULL, nonce_key TEXT NOT NULL, nonce INTEGER NOT NULL,
  state TEXT NOT NULL, reserved_at_ms INTEGER NOT NULL, final_hash TEXT, success INTEGER,
  UNIQUE (intent_id, slice, step, attempt),
  UNIQUE (chain_id, account, nonce_key, nonce)
) STRICT;
CREATE TABLE operations (
  reservation_id INTEGER NOT NULL REFERENCES reservations (id), bump INTEGER NOT NULL, purpose TEXT NOT NULL,
  raw TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, gas_limit TEXT NOT NULL, max_fee TEXT NOT NULL,
  max_priority_fee TEXT NOT NULL, signed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (reservation_id, bump)
) STRICT;
CREATE TABLE outcomes (
  intent_id TEXT NOT NULL, slice INTEGER NOT NULL, step TEXT NOT NULL, attempt INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (intent_id, slice, step, attempt)
) STRICT;
CREATE TABLE transfers (
  intent_id TEXT NOT NULL, slice INTEGER NOT NULL, step TEXT NOT NULL, attempt INTEGER NOT NULL,
  open INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (intent_id, slice, step, attempt)
) STRICT;
CREATE TABLE flows (
  id INTEGER PRIMARY KEY, owner TEXT NOT NULL, intent_id TEXT NOT NULL, slice INTEGER NOT NULL,
  chain_id INTEGER NOT NULL, tx_hash TEXT NOT NULL, part TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE (chain_id, tx_hash, part)
) STRICT;
CREATE INDEX flows_by_intent ON flows (intent_id, slice);
CREATE TABLE decisions (seq INTEGER PRIMARY KEY, intent_id TEXT, body TEXT NOT NULL) STRICT;
CREATE INDEX decisions_by_intent ON decisions (intent_id);
`,
  ],
});

/** Runs of workflows. Its id reads "EKWF". */
export const WORKFLOW_LAYOUT: FileLayout = Object.freeze({
  applicationId: 0x454b5746,
  migrations: [
    `
CREATE TABLE runs (
  id TEXT PRIMARY KEY, workflow TEXT NOT NULL, version INTEGER NOT NULL, input TEXT NOT NULL, ended TEXT
) STRICT;
CREATE INDEX runs_under_way ON runs (id) WHERE ended IS NULL;
CREATE TABLE entries (
  id TEXT NOT NULL REFERENCES runs (id), seq INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (id, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE signals (
  id TEXT NOT NULL REFERENCES runs (id), seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (id, seq)
) STRICT, WITHOUT ROWID;
`,
  ],
});

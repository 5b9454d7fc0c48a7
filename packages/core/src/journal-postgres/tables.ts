/** Step by step from an empty schema: entry n leads from version n to n + 1. The tables are those of the SQLite journal. */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE intents (id text PRIMARY KEY, body text NOT NULL);
CREATE TABLE programmes (
  intent_id text NOT NULL, slice integer NOT NULL, state text NOT NULL, cancel_requested boolean NOT NULL,
  body text NOT NULL, created_at_ms bigint NOT NULL,
  PRIMARY KEY (intent_id, slice)
);
CREATE TABLE reservations (
  id bigserial PRIMARY KEY, intent_id text NOT NULL, slice integer NOT NULL, step text NOT NULL, attempt integer NOT NULL,
  chain_id bigint NOT NULL, account text NOT NULL, nonce_key numeric NOT NULL, nonce numeric NOT NULL,
  state text NOT NULL, reserved_at_ms bigint NOT NULL, final_hash text, success boolean,
  UNIQUE (intent_id, slice, step, attempt),
  UNIQUE (chain_id, account, nonce_key, nonce)
);
CREATE TABLE operations (
  reservation_id bigint NOT NULL REFERENCES reservations (id), bump integer NOT NULL, purpose text NOT NULL,
  raw text NOT NULL, hash text NOT NULL UNIQUE, gas_limit numeric NOT NULL, max_fee numeric NOT NULL,
  max_priority_fee numeric NOT NULL, signed_at_ms bigint NOT NULL,
  PRIMARY KEY (reservation_id, bump)
);
CREATE TABLE outcomes (
  seq bigserial, intent_id text NOT NULL, slice integer NOT NULL, step text NOT NULL, attempt integer NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (intent_id, slice, step, attempt)
);
CREATE TABLE transfers (
  seq bigserial, intent_id text NOT NULL, slice integer NOT NULL, step text NOT NULL, attempt integer NOT NULL,
  open boolean NOT NULL, body text NOT NULL,
  PRIMARY KEY (intent_id, slice, step, attempt)
);
CREATE INDEX transfers_under_way ON transfers (seq) WHERE open;
CREATE TABLE flows (
  id bigserial PRIMARY KEY, owner text NOT NULL, intent_id text NOT NULL, slice integer NOT NULL,
  chain_id bigint NOT NULL, tx_hash text NOT NULL, part text NOT NULL, body text NOT NULL,
  UNIQUE (chain_id, tx_hash, part)
);
CREATE INDEX flows_by_intent ON flows (intent_id, slice);
CREATE INDEX flows_by_owner ON flows (owner);
CREATE TABLE decisions (seq bigserial PRIMARY KEY, intent_id text, code text NOT NULL, body text NOT NULL);
CREATE INDEX decisions_by_intent ON decisions (intent_id);
CREATE INDEX decisions_by_code ON decisions (code);
CREATE TABLE claims (name text PRIMARY KEY, epoch bigint NOT NULL);
`,
];

-- Tables of one municipality. Run inside its schema by the role that owns all schemas; {tenant} is the municipality's
-- own role, {operator} that of the people who run the installation and may see nothing of this.
-- Persons stand here as keyed indexes (HMAC) and sealed values only; both keys are the municipality's own.

CREATE TABLE counter (
    name text PRIMARY KEY,
    value bigint NOT NULL DEFAULT 0 CHECK (value >= 0)
);
INSERT INTO counter (name) VALUES ('processing'), ('outbox'), ('inbox'), ('result'), ('waiting'), ('record');

CREATE TABLE code_request (
    processing_no text PRIMARY KEY,
    person_key bytea NOT NULL CHECK (octet_length(person_key) = 32),
    person_sealed bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'acquired', 'failed', 'removed')),
    error text NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL,
    settled_at timestamptz,
    CHECK ((state = 'requested') = (settled_at IS NULL))
);
-- one request at a time, and none for somebody who has a code
CREATE UNIQUE INDEX code_request_open ON code_request (person_key) WHERE state IN ('requested', 'acquired');

CREATE TABLE linkage_code (
    person_key bytea PRIMARY KEY CHECK (octet_length(person_key) = 32),
    person_sealed bytea NOT NULL,
    code_key bytea NOT NULL UNIQUE CHECK (octet_length(code_key) = 32),
    code_sealed bytea NOT NULL,
    processing_no text NOT NULL UNIQUE REFERENCES code_request,
    acquired_at timestamptz NOT NULL
);

CREATE TABLE inquiry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_id text NOT NULL UNIQUE,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    person_key bytea NOT NULL CHECK (octet_length(person_key) = 32),
    sealed bytea NOT NULL,
    procedure_code text NOT NULL,
    information_code text NOT NULL,
    provider text NOT NULL,
    year integer,
    undisclosed boolean NOT NULL,
    state text NOT NULL DEFAULT 'registered'
        CHECK (state IN ('registered', 'sent', 'answered', 'refused', 'cancelled')),
    registered_at timestamptz NOT NULL,
    sent_at timestamptz,
    message_id text,
    settled_at timestamptz,
    result_seq bigint UNIQUE,
    outcome text CHECK (outcome IN ('found', 'none', 'withheld', 'refused')),
    reason text NOT NULL DEFAULT '',
    permit_id text UNIQUE,
    answer_sealed bytea,
    CHECK ((state IN ('answered', 'refused')) = (result_seq IS NOT NULL)),
    CHECK ((result_seq IS NULL) = (outcome IS NULL)),
    CHECK ((state IN ('registered', 'sent')) = (settled_at IS NULL)),
    CHECK ((message_id IS NULL) = (sent_at IS NULL))
);
CREATE INDEX inquiry_to_send ON inquiry (id) WHERE state = 'registered';
CREATE INDEX inquiry_sent_with ON inquiry (message_id) WHERE state = 'sent';
CREATE INDEX inquiry_settled ON inquiry (settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE provision (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    permit_id text NOT NULL UNIQUE,
    person_key bytea CHECK (octet_length(person_key) = 32),
    sealed bytea NOT NULL,
    requester text NOT NULL,
    procedure_code text NOT NULL,
    information_code text NOT NULL,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    undisclosed boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'answered', 'expired', 'refused')),
    why text NOT NULL DEFAULT '',
    waiting_seq bigint UNIQUE,
    outcome text CHECK (outcome IN ('found', 'none', 'withheld')),
    answered_at timestamptz,
    answered_by text NOT NULL DEFAULT '',
    reason_sealed bytea,
    CHECK ((state = 'answered') = (outcome IS NOT NULL)),
    CHECK ((state = 'answered') = (answered_at IS NOT NULL)),
    CHECK (state <> 'waiting' OR waiting_seq IS NOT NULL)
);
CREATE INDEX provision_waiting ON provision (waiting_seq) WHERE state = 'waiting';

CREATE TABLE replica (
    person_key bytea NOT NULL CHECK (octet_length(person_key) = 32),
    information_code text NOT NULL,
    year integer NOT NULL DEFAULT 0,
    valid_from date NOT NULL DEFAULT '0001-01-01',
    valid_to date NOT NULL DEFAULT '9999-12-31',
    version integer NOT NULL CHECK (version > 0),
    published boolean NOT NULL,
    sealed bytea NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (person_key, information_code, year, valid_from)
);

CREATE TABLE flag (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('manual', 'undisclosed')),
    person_key bytea NOT NULL CHECK (octet_length(person_key) = 32),
    information_code text NOT NULL DEFAULT '',
    sealed bytea NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    lifted_at timestamptz,
    lifted_by text,
    lifted_sealed bytea,
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL)),
    CHECK ((lifted_at IS NULL) = (lifted_sealed IS NULL))
);
CREATE UNIQUE INDEX flag_in_force ON flag (person_key, kind, information_code) WHERE lifted_at IS NULL;

-- 情報提供等記録 (番号法23条): grows, and is deleted only after its time, by the owner's hand.
CREATE TABLE provision_record (
    sequence bigint PRIMARY KEY,
    side text NOT NULL CHECK (side IN ('requester', 'provider')),
    permit_id text NOT NULL,
    person_key bytea CHECK (octet_length(person_key) = 32),
    person_sealed bytea NOT NULL,
    requester text NOT NULL,
    provider text NOT NULL,
    procedure_code text NOT NULL,
    information_code text NOT NULL,
    asked_at timestamptz NOT NULL,
    provided_at timestamptz,
    outcome text NOT NULL,
    items jsonb NOT NULL,
    undisclosed boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    keep_until date NOT NULL,
    UNIQUE (side, permit_id)
);
CREATE INDEX provision_record_person ON provision_record (person_key, sequence);
CREATE INDEX provision_record_asked ON provision_record (asked_at);

CREATE TABLE outbox (
    sequence bigint PRIMARY KEY,
    message_id text NOT NULL UNIQUE,
    kind text NOT NULL,
    items integer NOT NULL,
    payload_sealed bytea,
    state text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'sent', 'refused')),
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    reason text NOT NULL DEFAULT '',
    CHECK ((state = 'ready') = (ended_at IS NULL)),
    CHECK (state <> 'ready' OR payload_sealed IS NOT NULL)
);
CREATE INDEX outbox_ready ON outbox (sequence) WHERE state = 'ready';

CREATE TABLE inbox (
    sequence bigint PRIMARY KEY,
    message_id text NOT NULL UNIQUE,
    kind text NOT NULL,
    items integer NOT NULL,
    applied boolean NOT NULL,
    received_at timestamptz NOT NULL
);

-- envelopes and single permits that were refused; grows like the records
CREATE TABLE refusal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (what IN ('envelope', 'permit', 'outcome', 'verdict')),
    sequence bigint,
    message_id text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL
);

CREATE TABLE deletion (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    by text NOT NULL,
    what text NOT NULL,
    before timestamptz NOT NULL,
    rows bigint NOT NULL
);

CREATE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'provision_record'
        AND OLD.keep_until <= nullif(current_setting('tasuke.deletion_day', true), '')::date THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on %: this table only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER provision_record_grows BEFORE UPDATE OR DELETE ON provision_record
    FOR EACH ROW EXECUTE FUNCTION only_grows();
CREATE TRIGGER provision_record_stays BEFORE TRUNCATE ON provision_record
    FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER refusal_grows BEFORE UPDATE OR DELETE ON refusal FOR EACH ROW EXECUTE FUNCTION only_grows();
CREATE TRIGGER deletion_grows BEFORE UPDATE OR DELETE ON deletion FOR EACH ROW EXECUTE FUNCTION only_grows();

REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {operator};
GRANT USAGE ON SCHEMA {schema} TO {tenant};
GRANT SELECT, INSERT, UPDATE ON code_request, inquiry, provision, replica, flag, outbox TO {tenant};
GRANT SELECT, UPDATE ON counter TO {tenant};
GRANT SELECT, INSERT, DELETE ON linkage_code TO {tenant};
GRANT SELECT, INSERT ON provision_record, inbox, refusal, deletion TO {tenant};

"""Tables that can only grow.

`audit_xact` numbers the writing transaction. Its offset is 0 until a dump is restored into another server, whose own
numbers start again at the bottom: then the administrator's connection raises it (platform/audit/guard.py).
"""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION audit_offset() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 0::bigint';

CREATE FUNCTION audit_xact() RETURNS bigint LANGUAGE sql VOLATILE
    AS 'SELECT pg_current_xact_id()::text::bigint + audit_offset()';

CREATE TABLE audit_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid bigint NOT NULL DEFAULT audit_xact(),
    at timestamptz NOT NULL,
    personal_id text NOT NULL,
    office text NOT NULL DEFAULT '',
    terminal text NOT NULL DEFAULT '',
    session text NOT NULL DEFAULT '',
    action text NOT NULL DEFAULT '',
    screen text NOT NULL DEFAULT '',
    purpose text NOT NULL DEFAULT '',
    kind text NOT NULL,
    atena_no text NOT NULL DEFAULT '',
    detail text NOT NULL DEFAULT ''
);
CREATE INDEX audit_event_person ON audit_event (atena_no, id) WHERE atena_no <> '';
CREATE INDEX audit_event_actor ON audit_event (personal_id, id);
CREATE INDEX audit_event_office ON audit_event (kind, id) WHERE atena_no = '';
CREATE INDEX audit_event_at ON audit_event USING brin (at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX audit_event_xid ON audit_event USING brin (xid) WITH (pages_per_range = 32, autosummarize = on);

CREATE TABLE audit_block (
    number bigint PRIMARY KEY CHECK (number > 0),
    snapshot text NOT NULL,
    rows bigint NOT NULL CHECK (rows > 0),
    rows_sha256 bytea NOT NULL CHECK (octet_length(rows_sha256) = 32),
    row_index bytea NOT NULL CHECK (octet_length(row_index) = rows * 24),
    sealed_at timestamptz NOT NULL,
    previous bytea NOT NULL CHECK (octet_length(previous) = 32),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    key_id text NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64)
);
ALTER TABLE audit_block ALTER COLUMN row_index SET STORAGE EXTERNAL;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: the audit trail only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_event_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_block_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_block
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_grows;
ALTER TABLE audit_block ENABLE ALWAYS TRIGGER audit_block_grows;
"""

EVENT_TEXTS = (
    ("personal_id", "個人ID"), ("office", "所属"), ("terminal", "端末"), ("session", "セッション"), ("action", "操作"),
    ("screen", "画面"), ("purpose", "目的"), ("kind", "種類"), ("atena_no", "宛名番号"), ("detail", "内容"),
)


class Migration(migrations.Migration):

    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(
            FORWARD,
            reverse_sql=migrations.RunSQL.noop,
            state_operations=[
                migrations.CreateModel(
                    name="AuditEvent",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("xid", models.BigIntegerField(editable=False, verbose_name="取引")),
                        ("at", models.DateTimeField(verbose_name="日時")),
                        *((name, models.TextField(verbose_name=label)) for name, label in EVENT_TEXTS),
                    ],
                    options={"db_table": "audit_event", "managed": False, "verbose_name": "証跡"},
                ),
                migrations.CreateModel(
                    name="AuditBlock",
                    fields=[
                        ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="番号")),
                        ("snapshot", models.TextField(verbose_name="対象の取引")),
                        ("rows", models.BigIntegerField(verbose_name="件数")),
                        ("rows_sha256", models.BinaryField()),
                        ("row_index", models.BinaryField()),
                        ("sealed_at", models.DateTimeField(verbose_name="封印日時")),
                        ("previous", models.BinaryField()),
                        ("hash", models.BinaryField()),
                        ("key_id", models.TextField(verbose_name="鍵")),
                        ("signature", models.BinaryField()),
                    ],
                    options={
                        "db_table": "audit_block", "managed": False, "verbose_name": "証跡の封印",
                        "ordering": ["number"],
                    },
                ),
            ],
        ),
    ]

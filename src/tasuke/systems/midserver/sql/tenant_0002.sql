-- The day on which a record may go is that of the database too: a program that says another day deletes nothing early.

CREATE OR REPLACE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'provision_record'
        AND OLD.keep_until <= nullif(current_setting('tasuke.deletion_day', true), '')::date
        AND OLD.keep_until <= (clock_timestamp() AT TIME ZONE 'Asia/Tokyo')::date THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on %: this table only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

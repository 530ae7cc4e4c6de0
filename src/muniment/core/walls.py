"""Row-level security and grants, generated from what each model declares in its class `Wall`.

The wall stops mistakes in our code: a query that forgets a filter returns nothing that the reader may not see. It
does not stop a person who can run code on the server.

A model says `class Wall` with `seen` (how a row is found to be within the reader's scope) and `web` (what the web's
role may do at all). Models of other packages are listed in OTHERS.
"""

from dataclasses import dataclass

from django.apps import apps
from django.db import connection
from django.db.models import Model

from muniment.core import statistics
from muniment.core.database import role_name

EVERYONE = "true"
BY_SCOPE = "scope_id = ANY ((SELECT muniment.scopes())::bigint[])"
BY_CONTROLLER = "controller_id = ANY ((SELECT muniment.controllers())::bigint[])"
AUDITORS = "(SELECT muniment.reads_audit())"
COVERT_AUDITORS = "(SELECT muniment.reads_covert_audit())"
# An event is read by the auditors of the controllers that it concerns; one of the installation alone by all.
_CONCERNS = "(concerns = '{{}}' OR concerns::text[] && (SELECT muniment.{})::text[])"
AUDITED = f"{AUDITORS} AND {_CONCERNS.format('audited()')}"
COVERTLY_AUDITED = f"{COVERT_AUDITORS} AND {_CONCERNS.format('covertly_audited()')}"
AUDIT_TABLES = ("core_auditevent", "core_auditleaf", "core_auditseal")
COVERT_TABLES = ("core_covertevent", "core_covertleaf", "core_covertseal")


def through(table: str, column: str, by: str = "id") -> str:
    """A row is seen when the row that it belongs to is seen, or any of the rows that belong to it, known `by` a column.

    Asked row by row: for EXISTS PostgreSQL reads all that may be seen first, however few rows a page needs. Of a
    million nominals that took a page of fifty pairs a second and a half.
    """
    return f"coalesce((SELECT true FROM {table} other WHERE other.{by} = {column} LIMIT 1), false)"  # noqa: S608


@dataclass(frozen=True)
class _Open:
    seen: str
    web: str


# Tables of Django and allauth: sign-in happens before there is a scope.
OTHERS = {
    "auth": _Open(EVERYONE, "SELECT"),
    "contenttypes": _Open(EVERYONE, "SELECT"),
    "sessions": _Open(EVERYONE, "SELECT, INSERT, UPDATE, DELETE"),
    "account": _Open(EVERYONE, "SELECT, INSERT, UPDATE, DELETE"),
    "mfa": _Open(EVERYONE, "SELECT, INSERT, UPDATE, DELETE"),
}

FUNCTIONS = """
CREATE SCHEMA IF NOT EXISTS muniment;
CREATE TABLE IF NOT EXISTS muniment.wall_secret (secret text NOT NULL);
INSERT INTO muniment.wall_secret
    SELECT encode(sha256(gen_random_uuid()::text::bytea || gen_random_uuid()::text::bytea), 'hex')
    WHERE NOT EXISTS (SELECT 1 FROM muniment.wall_secret);

CREATE OR REPLACE FUNCTION muniment.prove(said text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, muniment AS $$
    SELECT encode(sha256(convert_to(
        secret || said || pg_backend_pid()::text || transaction_timestamp()::text, 'UTF8')), 'hex')
    FROM muniment.wall_secret $$;
REVOKE ALL ON FUNCTION muniment.prove(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION muniment.sit(sitter bigint, token text, seconds integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DELETE FROM core_sitting WHERE expires_at < now();
    INSERT INTO core_sitting (user_id, token_hash, expires_at)
    VALUES (sitter, encode(sha256(token::bytea), 'hex'), now() + make_interval(secs => seconds)) $$;

CREATE OR REPLACE FUNCTION muniment.leave(token text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DELETE FROM core_sitting WHERE token_hash = encode(sha256(token::bytea), 'hex') $$;

CREATE OR REPLACE FUNCTION muniment.enter(token text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    sitter bigint;
    seen text;
    theirs text;
    audits text;
    audits_covert text;
BEGIN
    PERFORM set_config('muniment.said', '', true), set_config('muniment.proof', '', true);
    SELECT s.user_id INTO sitter FROM core_sitting s JOIN core_user u ON u.id = s.user_id
        WHERE s.token_hash = encode(sha256(token::bytea), 'hex') AND s.expires_at > now() AND u.is_active;
    IF sitter IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(array_agg(scope_id ORDER BY scope_id), '{}')::text INTO seen
        FROM core_userscope WHERE user_id = sitter AND (until IS NULL OR until > current_date);
    WITH posts AS (
        SELECT controller_id, role FROM core_roleassignment
        WHERE user_id = sitter AND start <= current_date AND (until IS NULL OR until > current_date)
    ), members AS (
        SELECT joint_id, member_id FROM core_membership
        WHERE start <= current_date AND (until IS NULL OR until > current_date)
    ), held AS (
        SELECT controller_id AS c, role FROM posts
        UNION SELECT m.joint_id, p.role FROM posts p JOIN members m ON m.member_id = p.controller_id
    ), reached AS (
        SELECT c, role FROM held
        UNION SELECT m.member_id, h.role FROM held h JOIN members m ON m.joint_id = h.c
            WHERE h.role = ANY (ARRAY[__COLLABORATING__]::text[])
    )
    SELECT (SELECT coalesce(array_agg(DISTINCT c), '{}') FROM held)::text,
           coalesce(array_agg(DISTINCT code) FILTER (WHERE role = ANY (ARRAY[__AUDITORS__]::text[])), '{}')::text,
           coalesce(array_agg(DISTINCT code) FILTER (WHERE role = ANY (ARRAY[__COVERT_AUDITORS__]::text[])), '{}')::text
        INTO theirs, audits, audits_covert
        FROM reached JOIN core_controller ON id = c;
    PERFORM set_config('muniment.said', concat_ws('|', sitter, seen, theirs, audits, audits_covert), true);
    PERFORM set_config('muniment.proof', muniment.prove(current_setting('muniment.said')), true);
    RETURN sitter;
END $$;

CREATE OR REPLACE FUNCTION muniment.said(part integer) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    said text := current_setting('muniment.said', true);
BEGIN
    -- What this transaction says of itself counts only with the proof that `enter` wrote it.
    IF said IS NULL OR said = '' OR
       current_setting('muniment.proof', true) IS DISTINCT FROM muniment.prove(said) THEN
        RETURN NULL;
    END IF;
    RETURN split_part(said, '|', part);
END $$;

CREATE OR REPLACE FUNCTION muniment.scopes() RETURNS bigint[] LANGUAGE sql STABLE
    AS $$ SELECT coalesce(muniment.said(2), '{}')::bigint[] $$;
-- Who holds records about a person that the reader cannot open; of the sealed, nothing.
CREATE OR REPLACE FUNCTION muniment.unseen_holders(person bigint) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(DISTINCT c.name), '{}') FROM people_belonging b
    JOIN records_involvement i ON i.nominal_id = b.nominal_id
    JOIN records_record r ON r.id = i.record_id
    JOIN core_scope s ON s.id = r.scope_id JOIN core_controller c ON c.id = s.controller_id
    WHERE b.prime_id = person AND b.until IS NULL AND s.partition <> 'sealed'
        AND NOT r.scope_id = ANY (muniment.scopes()) $$;
-- The digest of all who make up a person, whoever asks: what one reader binds to it, others and the worker compare.
CREATE OR REPLACE FUNCTION muniment.membership_digest(person bigint) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT encode(sha256(convert_to(coalesce(string_agg(nominal_id::text, ',' ORDER BY nominal_id), ''), 'UTF8')),
        'hex') FROM people_belonging WHERE prime_id = person AND until IS NULL $$;
-- Who has so many source records or more, seen or not: of these alone a page counts those that its reader may see.
CREATE OR REPLACE FUNCTION muniment.of_many(fewest bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT prime_id FROM people_belonging WHERE until IS NULL GROUP BY prime_id HAVING count(*) >= fewest $$;
-- On which days a source told what it says of nominals that the reader may see: since when in these words, when last.
CREATE OR REPLACE FUNCTION muniment.told(nominals bigint[]) RETURNS TABLE (nominal bigint, since date, last date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT n.id, changed.as_of, latest.as_of FROM records_nominal n
    JOIN records_sourcerow r ON r.id = n.row_id
    JOIN records_intake changed ON changed.id = r.changed_intake_id
    JOIN records_intake latest ON latest.id = r.last_intake_id
    WHERE n.id = ANY (nominals) AND n.scope_id = ANY (muniment.scopes()) $$;
-- When a person was last made up as a digest says; nothing when they never were.
CREATE OR REPLACE FUNCTION muniment.made_up_at(person bigint, digest text) RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT max(ends.at) FROM (SELECT start AS at FROM people_belonging WHERE prime_id = person
        UNION SELECT until FROM people_belonging WHERE prime_id = person AND until IS NOT NULL) ends
    WHERE digest = (SELECT encode(sha256(convert_to(coalesce(string_agg(b.nominal_id::text, ','
            ORDER BY b.nominal_id), ''), 'UTF8')), 'hex') FROM people_belonging b
        WHERE b.prime_id = person AND b.start <= ends.at AND (b.until IS NULL OR b.until > ends.at)) $$;
-- The digest of all whom something that was said of people then is about now, and of who is one with whom.
CREATE OR REPLACE FUNCTION muniment.people_digest(people bigint[], said timestamptz, grace interval) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT encode(sha256(convert_to(coalesce(string_agg(b.prime_id || ':' || b.nominal_id, ','
        ORDER BY b.prime_id, b.nominal_id), ''), 'UTF8')), 'hex') FROM people_belonging b
    WHERE b.until IS NULL AND b.prime_id IN (
        SELECT today.prime_id FROM people_belonging was
        JOIN people_belonging today ON today.nominal_id = was.nominal_id AND today.until IS NULL
        WHERE was.prime_id = ANY (people) AND (was.until IS NULL
            OR was.until > said - grace AND was.start < said + grace)) $$;
-- Whose use is restricted, of some nominals, whoever asks: no wall may hide a restriction from what enforces it. Of all
-- who are one with them now, of whoever they were part of when it was said, and by the digests of those for whom a
-- restored copy waits.
CREATE OR REPLACE FUNCTION muniment.restricted(nominals bigint[], today date, grace interval)
    RETURNS TABLE (nominal bigint, restriction bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH one AS (
        SELECT key, key AS member FROM unnest(nominals) key
        UNION SELECT mine.nominal_id, beside.nominal_id FROM people_belonging mine
            JOIN people_belonging beside ON beside.prime_id = mine.prime_id AND beside.until IS NULL
            WHERE mine.nominal_id = ANY (nominals) AND mine.until IS NULL)
    SELECT DISTINCT one.key, x.id FROM one
    JOIN people_belonging was ON was.nominal_id = one.member
    JOIN retention_restriction x ON x.prime_id = was.prime_id AND (x.ended_on IS NULL OR x.ended_on >= today)
        AND (was.until IS NULL OR was.until > x.made_at - grace AND was.start < x.made_at + grace)
    WHERE (SELECT EXISTS (SELECT FROM retention_restriction)) $$;  -- most often there is none, and nothing is looked up
-- What restrictions say, by their keys, whoever asks: by whom, since when, on what ground and until when.
CREATE OR REPLACE FUNCTION muniment.restrictions(keys bigint[]) RETURNS SETOF retention_restriction
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT * FROM retention_restriction WHERE id = ANY (keys) ORDER BY id $$;
-- Everybody on records that the reader may see, seen or not, with the controller of the record.
CREATE OR REPLACE FUNCTION muniment.on_records(records bigint[])
    RETURNS TABLE (record bigint, nominal bigint, controller bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT r.id, i.nominal_id, s.controller_id FROM records_record r
    JOIN records_involvement i ON i.record_id = r.id JOIN records_sourcesystem s ON s.id = r.system_id
    WHERE r.id = ANY (records) $$;
CREATE OR REPLACE FUNCTION muniment.controllers() RETURNS bigint[] LANGUAGE sql STABLE
    AS $$ SELECT coalesce(muniment.said(3), '{}')::bigint[] $$;
CREATE OR REPLACE FUNCTION muniment.audited() RETURNS text[] LANGUAGE sql STABLE
    AS $$ SELECT coalesce(muniment.said(4), '{}')::text[] $$;
CREATE OR REPLACE FUNCTION muniment.covertly_audited() RETURNS text[] LANGUAGE sql STABLE
    AS $$ SELECT coalesce(muniment.said(5), '{}')::text[] $$;
CREATE OR REPLACE FUNCTION muniment.reads_audit() RETURNS boolean LANGUAGE sql STABLE
    AS $$ SELECT muniment.audited() <> '{}' $$;
CREATE OR REPLACE FUNCTION muniment.reads_covert_audit() RETURNS boolean LANGUAGE sql STABLE
    AS $$ SELECT muniment.covertly_audited() <> '{}' $$;

-- How many destructions of records of some controllers the audit tells of since a moment, and whether bodies of it have
-- expired since: what a report on a hold is held against by who does not read the audit. Of their own forces alone.
CREATE OR REPLACE FUNCTION muniment.destructions_told(codes text[], since timestamptz)
    RETURNS TABLE (events bigint, expired boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT count(*), EXISTS (SELECT 1 FROM core_auditevent x WHERE x.action = 'audit.expire'
            AND (x.detail ->> 'bodies')::bigint > 0 AND (x.detail ->> 'before')::timestamptz > since)
    FROM core_auditevent e WHERE e.action = 'record.destroy' AND e.outcome = 'done' AND e.at >= since
        AND e.controller = ANY (codes) AND ('__WEB__' NOT IN (session_user, current_setting('role')) OR e.controller IN
            (SELECT code FROM core_controller WHERE id = ANY (muniment.controllers()))) $$;

-- Bring a controller to the mode that was last agreed to, or gone back to: which no web page may write by itself.
CREATE OR REPLACE FUNCTION muniment.follow_mode(which bigint) RETURNS text
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    UPDATE core_controller c SET mode = m."to" FROM (
        SELECT "to" FROM retention_modechange WHERE controller_id = which AND settled_at IS NOT NULL AND refused_by = ''
            AND ("to" = 'advisory' OR agreed_by <> '' AND agreed_by <> asked_by)
        ORDER BY settled_at DESC, id DESC LIMIT 1) m
    WHERE c.id = which AND ('__WEB__' NOT IN (session_user, current_setting('role'))
        OR which = ANY (muniment.controllers()))
    RETURNING c.mode $$;

-- Whom an event concerns: whose people did it, whose records were open to them, and the controller that it names.
CREATE OR REPLACE FUNCTION muniment.concerned(who bigint, named text) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(code ORDER BY code), '{}') FROM (
        SELECT c.code FROM core_roleassignment a JOIN core_controller c ON c.id = a.controller_id
            WHERE a.user_id = who AND a.start <= current_date AND (a.until IS NULL OR a.until > current_date)
        UNION SELECT c.code FROM core_userscope u JOIN core_scope s ON s.id = u.scope_id
            JOIN core_controller c ON c.id = s.controller_id
            WHERE u.user_id = who AND (u.until IS NULL OR u.until > current_date)
        UNION SELECT named WHERE named <> '') them $$;
"""

# The one way in which an event leaves the audit: its leaf is named by an event of expiry that has been sealed, so that
# whoever checks an export can account for every body that is missing.
EXPIRY = """
CREATE OR REPLACE FUNCTION muniment.expire_{name}(expiry bigint) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH named AS (
        SELECT (part ->> 0)::bigint AS first, (part ->> 1)::bigint AS last
        FROM {events} e JOIN {leaves} l ON l.event_id = e.id
        JOIN {seals} s ON l.number BETWEEN s.first_leaf AND s.last_leaf,
        jsonb_array_elements(e.detail -> 'leaves') part
        WHERE e.id = expiry AND e.action = 'audit.expire'),
    gone AS (
        DELETE FROM {events} e USING {leaves} l, named
        WHERE l.event_id = e.id AND l.number BETWEEN named.first AND named.last AND e.action <> 'audit.expire'
        RETURNING e.id)
    SELECT count(*) FROM gone $$;
REVOKE ALL ON FUNCTION muniment.expire_{name}(bigint) FROM PUBLIC, {others};
GRANT EXECUTE ON FUNCTION muniment.expire_{name}(bigint) TO {worker};
"""


def _declared(model: type[Model]) -> tuple[str, str]:
    wall = getattr(model, "Wall", None) or OTHERS.get(model._meta.app_label)
    if wall is None:
        raise LookupError(f"{model._meta.label} declares no Wall: say who sees a row, and what the web may do.")
    return wall.seen, wall.web


def _statements(table: str, seen: str, web: str) -> list[str]:
    web_role, insiders = role_name("web"), f"{role_name('batch')}, {role_name('worker')}"
    statements = [
        f"REVOKE ALL ON {table} FROM {web_role}, {insiders}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {insiders}",
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS seen ON {table}",
        f"DROP POLICY IF EXISTS written ON {table}",
        f"DROP POLICY IF EXISTS within ON {table}",
        f"CREATE POLICY within ON {table} FOR ALL TO {insiders} USING (true) WITH CHECK (true)",
    ]
    if web:
        statements += [
            f"GRANT {web} ON {table} TO {web_role}",
            f"CREATE POLICY seen ON {table} FOR ALL TO {web_role} USING ({seen}) WITH CHECK ({seen})",
        ]
    if table in AUDIT_TABLES + COVERT_TABLES:
        statements.append(f"REVOKE UPDATE, DELETE ON {table} FROM {insiders}")
    if table in (AUDIT_TABLES[0], COVERT_TABLES[0]):
        statements.append(f"CREATE POLICY written ON {table} FOR INSERT TO {web_role} WITH CHECK (true)")
    return statements


def _functions() -> str:
    """Return the functions of the schema `muniment`, with the roles that read either audit by the declaration."""
    from muniment.core import access  # which reads the models, which name their walls

    roles = access.declaration().roles.values()
    marks = {
        "__AUDITORS__": [role.code for role in roles if "audit.view" in role.actions],
        "__COVERT_AUDITORS__": [role.code for role in roles if "audit.covert" in role.actions],
        "__COLLABORATING__": [role.code for role in roles if role.reach == "collaboration"],
    }
    said = FUNCTIONS.replace("__WEB__", role_name("web"))
    for mark, held in marks.items():
        said = said.replace(mark, ", ".join(f"'{code}'" for code in held))
    return said


def _expiries() -> str:
    others, worker = f"{role_name('web')}, {role_name('batch')}", role_name("worker")
    return "".join(
        EXPIRY.format(name=name, events=events, leaves=leaves, seals=seals, others=others, worker=worker)
        for name, (events, leaves, seals) in (("audit", AUDIT_TABLES), ("covert_audit", COVERT_TABLES))
    )


def raise_walls() -> None:
    """Make functions, grants and policies; run as the owner after every migration, as often as you like."""
    everyone = ", ".join(role_name(role) for role in ("web", "batch", "worker"))
    with connection.cursor() as cursor:
        cursor.execute(_functions())
        cursor.execute(f"GRANT USAGE ON SCHEMA muniment TO {everyone}")
        cursor.execute("REVOKE ALL ON muniment.wall_secret FROM PUBLIC")
        cursor.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA muniment TO {everyone}")
        cursor.execute(f"REVOKE ALL ON FUNCTION muniment.prove(text) FROM {everyone}")
        cursor.execute(_expiries())
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {everyone}")
        # Bulk loads pass through a schema that the web cannot see: COPY under row-level security is refused.
        cursor.execute("CREATE SCHEMA IF NOT EXISTS staging")
        cursor.execute(f"GRANT ALL ON SCHEMA staging TO {role_name('batch')}, {role_name('worker')}")
        for model in apps.get_models(include_auto_created=True):
            if model._meta.label_lower == "core.contentkey" or not model._meta.managed:
                continue
            made_for = model._meta.auto_created
            owner = made_for if isinstance(made_for, type) else model
            for statement in _statements(model._meta.db_table, *_declared(owner)):
                cursor.execute(statement)
            if statistics.may_be_refreshed():
                cursor.execute(f"GRANT MAINTAIN ON {model._meta.db_table} TO {role_name('worker')}")
                if model._meta.db_table not in AUDIT_TABLES + COVERT_TABLES:
                    cursor.execute(f"GRANT MAINTAIN ON {model._meta.db_table} TO {role_name('batch')}")
        if statistics.may_be_refreshed():
            cursor.execute(f"GRANT MAINTAIN ON django_migrations TO {role_name('worker')}")


def raise_key_walls() -> None:
    """Grants in the database of keys: the web reads and adds keys, only the worker destroys them."""
    from django.db import connections

    with connections["keys"].cursor() as cursor:
        cursor.execute(f"GRANT SELECT, INSERT ON core_contentkey TO {role_name('web')}, {role_name('batch')}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON core_contentkey TO {role_name('worker')}")
        if statistics.may_be_refreshed():
            cursor.execute(f"GRANT MAINTAIN ON core_contentkey, django_migrations TO {role_name('worker')}")

"""The full-text index of the papers, kept in step by the database itself: whoever
writes, one row or many at once, cannot forget it.

PostgreSQL has a generated column. SQLite, which cannot index one with FTS5, has
triggers; they go with the table, and Django makes a table anew to alter it: a later
migration that alters `Paper` ends with `create_index` of this one. (Every test of
search would fail without.)
"""

from django.db import migrations

# Quotes and backslashes are doubled: no text may keep a paper from being stored.
# Lexemes as they are: a text search configuration would cut some of them again, such
# as `1e5`. Positions are those in the title or in the abstract; both begin with 1.
POSTGRESQL = """
CREATE FUNCTION subscriptions_paper_search(title text, abstract text, facts text)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(string_agg(lexeme, ' '), '')::tsvector FROM (
        SELECT '''t:' ||
            replace(replace(left(word, 500), '\\', '\\\\'), '''', '''''') || ''':'
            || least(place, 16383) || 'A' AS lexeme
        FROM unnest(string_to_array(title, ' ')) WITH ORDINALITY AS t (word, place)
        WHERE word <> ''
        UNION ALL
        SELECT '''' ||
            replace(replace(left(word, 500), '\\', '\\\\'), '''', '''''') || ''':'
            || least(place, 16383) || 'B'
        FROM unnest(string_to_array(abstract, ' ')) WITH ORDINALITY AS a (word, place)
        WHERE word <> ''
        UNION ALL
        SELECT '''' ||
            replace(replace(left(fact, 500), '\\', '\\\\'), '''', '''''') || ''''
        FROM unnest(string_to_array(facts, ' ')) AS f (fact)
        WHERE fact <> ''
    ) AS lexemes
$$;
-- Long values apart from the row, so that a search reads short rows; and the vector
-- not compressed, since a rank reads it whole.
ALTER TABLE subscriptions_paper SET (toast_tuple_target = 256);
ALTER TABLE subscriptions_paper ADD COLUMN search tsvector
    GENERATED ALWAYS AS (subscriptions_paper_search(title_words, abstract_words, facts))
    STORED;
ALTER TABLE subscriptions_paper ALTER COLUMN search SET STORAGE EXTERNAL;
CREATE INDEX paper_search ON subscriptions_paper USING gin (search)
    WITH (fastupdate = off);
"""
NO_POSTGRESQL = """
ALTER TABLE subscriptions_paper DROP COLUMN search;
DROP FUNCTION subscriptions_paper_search;
ALTER TABLE subscriptions_paper RESET (toast_tuple_target);
"""

# The tokeniser `ascii` takes everything that is not ASCII for a letter.
TABLES = {
    "paper_words": (
        "title_words, abstract_words",
        "tokenize = 'ascii', prefix = '3 4 5'",
    ),
    "paper_facts": ("facts", "tokenize = \"ascii tokenchars ':.+-'\", detail = none"),
}


def _triggers(table, columns):
    names = columns.split(", ")
    new, old = (", ".join(f"{row}.{name}" for name in names) for row in ("new", "old"))
    changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in names)
    forget = f"INSERT INTO {table} ({table}, rowid, {columns}) VALUES ('delete', old.id, {old});"
    learn = f"INSERT INTO {table} (rowid, {columns}) VALUES (new.id, {new});"
    yield f"{table}_insert AFTER INSERT ON subscriptions_paper BEGIN {learn} END"
    yield f"{table}_delete AFTER DELETE ON subscriptions_paper BEGIN {forget} END"
    yield (
        f"{table}_update AFTER UPDATE ON subscriptions_paper WHEN {changed} "
        f"BEGIN {forget} {learn} END"
    )


def create_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)
        return
    drop_index(apps, schema_editor)
    for table, (columns, options) in TABLES.items():
        schema_editor.execute(
            f"CREATE VIRTUAL TABLE {table} USING fts5({columns}, "
            f"content = 'subscriptions_paper', content_rowid = 'id', {options})",
            params=None,
        )
        schema_editor.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")
        for trigger in _triggers(table, columns):
            schema_editor.execute(f"CREATE TRIGGER {trigger}", params=None)


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(NO_POSTGRESQL, params=None)
        return
    for table in TABLES:
        for event in ("insert", "delete", "update"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{event}")
        schema_editor.execute(f"DROP TABLE IF EXISTS {table}")


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0002_search_text")]

    operations = [migrations.RunPython(create_index, drop_index)]

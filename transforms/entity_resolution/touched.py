"""A delta of a register that stands: what differs among its mentions, who is touched by that, and who they are now.

A connection shows `stored` (mentions as they were), `xref` (the crosswalk) and `fresh_mentions` (those of changed records as they
are now). All else of the register stays as it is, which is why a delta costs what it touches and not what there is.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.settings import settings
from transforms.entity_resolution import crosswalk, erased, identity_log, neighbours, review, saving, stewards
from transforms.entity_resolution.changes import Changes
from transforms.entity_resolution.identity import Assignment, Occasion, assign
from transforms.entity_resolution.linkage import rules_of
from transforms.entity_resolution.linked import Kind, Linked, decided_on, grounded, model_of
from transforms.entity_resolution.mint import mint_key
from transforms.entity_resolution.survivorship import CONFLICTS
from transforms.entity_resolution.survivorship_rules import SurvivorshipRules

TOLD = """
create table altered as
select mention_id from stored semi join records using (record_id) union select mention_id from fresh_mentions;
create table gone as select mention_id from altered anti join fresh_mentions using (mention_id);
create view told as select {columns} from stored anti join altered using (mention_id)
  union all select {columns} from fresh_mentions;
create table outline as
select {outline}, is_held from stored anti join altered using (mention_id)
union all select {outline}, null from fresh_mentions;
create table ever as select mention_id, entity_id, source_code, source_key, valid_to is null as is_current from xref;
create view current as select mention_id, entity_id from ever where is_current;
create view known as select mention_id, entity_id from current anti join gone using (mention_id)
where entity_id not in (select entity_id from current semi join decided_on using (mention_id));
create table newcomers as
select mention_id from fresh_mentions anti join current using (mention_id)
union select mention_id from outline where is_held
union select mention_id from current anti join gone using (mention_id) anti join known using (mention_id, entity_id);
"""
CONCERNED = """
create table moved as select cluster from found left join known using (mention_id) group by cluster
having count(*) > count(known.entity_id) or count(distinct known.entity_id) > 1;
create table asked as
select mention_id from newcomers union from altered union select mention_id from found semi join moved using (cluster);
create table seeds as select distinct s.root_id from ever semi join asked using (mention_id) join standing s using (entity_id);
create table own_keys as
select source_code, source_key from outline semi join newcomers using (mention_id)
union select source_code, source_key from ever join standing s using (entity_id) where s.root_id in (from seeds);
create table concerned as
from seeds union select s.root_id from ever semi join own_keys using (source_code, source_key) join standing s using (entity_id);
create table evidence as select * from xref where mention_id in (from newcomers) or mention_id in (
  select mention_id from ever join standing s using (entity_id) where s.root_id in (from concerned));
"""
"""Whose ids are in question: the entities of records that came, went or were found with others, and those with a record of the
same source and key."""
LOCAL = """
with placed as (select * from found semi join moved using (cluster)),
theirs as (select * from known where entity_id in (from concerned))
select mention_id, cluster, method, match_probability from placed
union all
select mention_id, (select coalesce(max(cluster), -1) from found) + dense_rank() over (order by t.entity_id), e.method,
       e.match_probability
from theirs t anti join placed using (mention_id) join evidence e using (mention_id, entity_id) where e.valid_to is null
"""
MEMBERS = """
create table at_stake as select mention_id from clusters_at_stake union from asked;
create view members_now as select * from current anti join at_stake using (mention_id) union all from links;
create table was as select * from current semi join at_stake using (mention_id);
create table touched as
select entity_id from ((from links except from was) union all (from was except from links))
union select entity_id from was semi join altered using (mention_id)
union select entity_id from links semi join altered using (mention_id);
"""
RELINKED = """
create table relinked as
select distinct mention_id from ((from before except from after) union all (from after except from before))
"""
REWRITTEN = """
create table rewritten as
from altered union
select mention_id from outline semi join at_stake using (mention_id)
where is_held <> (mention_id not in (select mention_id from links))
"""
SCOPE = """
create table members as select * from members_now semi join touched using (entity_id);
create table elsewhere as
select mention_id from (select mention_id from members union from rewritten) anti join told_at_stake using (mention_id)
anti join gone using (mention_id);
"""
HELD = """
select a.*, m.entity_id is null as is_held
from at_hand a semi join rewritten using (mention_id) left join members_now m using (mention_id)
"""
HELD_NOW = """
select (select count(*) from outline anti join rewritten using (mention_id) where is_held)
     + (select count(*) from held where is_held)
"""
CONFLICTING = """
create table former_pairs as select * from stood where rule = 'linkage';
create table conflicting as
from ids union select entity_id from (
  (select {columns} from pairs except select {columns} from former_pairs) union all
  (select {columns} from former_pairs except select {columns} from pairs));
"""
ANEW = """
from own
union all by name select * from pairs semi join conflicting using (entity_id)
union all by name
select * from stood semi join conflicting using (entity_id) anti join ids using (entity_id) where rule <> 'linkage'
"""
OUTLINE = ("mention_id", "dataset", "role", "source_code", "source_key", "as_of")
"""Columns of the table that is looked through again and again; a kind has more."""
SIDES = ("left_id", "right_id")


def show(base: duckdb.DuckDBPyConnection, kind: Kind, changes: Changes) -> None:
    """Make the views `stored` and `xref`, and the table `records` of changed records: those of which a place changed, too."""
    for name, table in {"stored": f"silver.mentions__{kind.name}", "xref": crosswalk.name_of(kind.name)}.items():
        base.execute(f"create view {name} as {tables.scan(base, table)}")
    base.register("changed_records", changes.records)
    base.register("changed_places", changes.places)
    base.execute(
        "create table records as from changed_records union"
        " select record_id from stored semi join changed_places using (address_text)"
    )


def relink(base: duckdb.DuckDBPyConnection, kind: Kind, compared: neighbours.Compared, changes: Changes) -> Linked | None:
    """What a delta finds, `links` and `xref` for what is at stake alone; None where only a linkage of all can tell.

    Makes `told` (all mentions as they are now), `outline` (few columns of these, quick to look through), `members_now`
    (mention_id, entity_id of all) and `touched` (entity_id).
    """
    rules = rules_of(kind.name)
    model = model_of(rules)
    if model is None:
        return None
    base.register("decided_on", decided_on(kind))
    columns = base.sql("from fresh_mentions limit 0").columns
    base.execute(TOLD.format(columns=", ".join(columns), outline=", ".join((*OUTLINE, *kind.outline))))

    def decided(given: pa.Table) -> pa.Table:
        pairs, nameless = stewards.merged_pairs(kind.name), erased.nameless(given)
        if not nameless.num_rows:
            return pairs
        base.register("nameless", nameless)
        said, links = (
            base.sql(f"from {name} semi join nameless using (mention_id)").to_arrow_table() for name in ("told", "xref")
        )
        return pa.concat_tables([pairs, erased.bound(given, said, links)])

    linkage, given = neighbours.link_delta(base, rules, compared, decided, model)
    base.register("found", linkage.clusters)
    log, on = identity_log.read(kind.name), day_of(base)
    base.register("standing", identity_log.standing(log))
    base.execute(CONCERNED)
    base.execute(f"create table clusters_at_stake as {LOCAL}")
    made = _identified(base, kind, log, on, rules.rule_version)
    base.register("links", made.links)
    base.execute(MEMBERS)
    _touch(base, stewards.revalued(kind.name, changes.built.inputs["decisions"]))
    xref = _crosswalk(base, kind, made, log, on, rules.rule_version)
    keys = neighbours.left(given, made.links, rules)
    return Linked(made.links, xref, made.events, linkage.pairs, linkage.conflicts, keys, on, False)


def touch(base: duckdb.DuckDBPyConnection, question: str, given: Mapping[str, Any] | None = None) -> None:
    """Count the entities that a query finds among the touched."""
    base.execute(f"insert into touched select entity_id from ({question}) where entity_id not in (from touched)", given)


def limits(rules: SurvivorshipRules, more: Iterable[tuple[str, int]]) -> pa.Table:
    """dataset, days: after so many days a word of the dataset may not count any more; by the order of sources, and `more`."""
    told = {
        ("__".join(code.split("__")[:2]), days)
        for attribute in rules.attributes.values()
        for source, days in attribute.limit_days.items()
        for code in rules.sources[source]
    }
    return pa.Table.from_pylist([{"dataset": dataset, "days": days} for dataset, days in sorted({*told, *more})])


def scope(base: duckdb.DuckDBPyConnection) -> None:
    """Make `members` and `mentions` of the touched entities."""
    base.execute(f"{REWRITTEN}; {SCOPE}")
    more = " union all select * from told semi join elsewhere using (mention_id)"
    is_all = base.sql("select count(*) from elsewhere").fetchall() == [(0,)]
    base.execute(f"create view at_hand as from told_at_stake{'' if is_all else more}")
    base.execute("create table mentions as select * from at_hand semi join members using (mention_id)")


def between(base: duckdb.DuckDBPyConnection, kind: Kind, found: Linked, attribute: str) -> tuple[pa.Table, pa.Table]:
    """All scored pairs, and all conflicts between entities, with those that former runs found."""
    pairs = saving.former(f"match_pairs__{kind.name}")
    is_between = pc.field("rule") == review.BETWEEN_ENTITIES
    stood = tables.read(f"silver.conflict__{kind.name}", ["mention_id", "other_mention_id"], filters=is_between)
    stood = stood.rename_columns(SIDES)
    links = _of_pairs(base, "members_now", found.pairs, found.conflicts, pairs, stood)
    said = _of_pairs(base, "outline", found.conflicts, stood)
    return review.pairs_of(kind.name, found, links), review.conflicts_of(kind.name, found, said, attribute, links)


def saved(
    base: duckdb.DuckDBPyConnection, kind: Kind, found: Linked, contested: tuple[pa.Table, pa.Table, pa.Table],
    made: Mapping[str, tuple[pa.Table, pa.Table]],
) -> dict[str, Any]:  # fmt: skip
    """Write ids, then all that differs; rows by table, and what else the outcome tells.

    `contested`: all scored pairs, conflicts of the touched, all conflicts between entities. `made`: dataset -> the keys of the
    rows that are no more as they were, and what stands in their place.
    """
    relinked, ids = _table(base, "relinked"), _table(base, "touched")
    saving.save_ids(kind.name, found, relinked)
    pairs, own, pairs_of_entities = contested
    rows = saving.save({f"match_pairs__{kind.name}": pairs})
    conflicts = _conflicts(f"silver.conflict__{kind.name}", ids, own, pairs_of_entities)
    held = base.sql(HELD).to_arrow_table()
    base.register("held", held)
    mentions = _table(base, "rewritten"), held
    every = {f"mentions__{kind.name}": mentions, f"conflict__{kind.name}": conflicts, **made}
    rows |= {dataset: saving.merge(dataset, keys, fresh) for dataset, (keys, fresh) in every.items()}
    return rows | {"held": base.sql(HELD_NOW).fetchall()[0][0], "is_full": False, "touched": ids.num_rows, "day": found.on}


def _of_pairs(base: duckdb.DuckDBPyConnection, name: str, *pairs: pa.Table) -> pa.Table:
    """Rows of `outline` or `members_now` for the mentions in tables with left_id and right_id."""
    ids = pa.concat_tables([pa.table({"mention_id": table[side].cast(pa.string())}) for table in pairs for side in SIDES])
    base.register("paired", ids)
    return base.sql(f"select * from {name} semi join paired using (mention_id)").to_arrow_table()


def _conflicts(name: str, ids: pa.Table, own: pa.Table, between: pa.Table) -> tuple[pa.Table, pa.Table]:
    """entity_id of the entities of which a row of `conflict__x` is not as it stood, and all their rows: `own` of the touched
    entities (`ids`), `between` of all pairs of entities."""
    with duckdb.connect() as base:
        for shown, table in {"ids": ids, "own": own, "pairs": between}.items():
            base.register(shown, table)
        base.execute(f"create view stood as {tables.scan(base, name)}")
        base.execute(CONFLICTING.format(columns=", ".join(CONFLICTS.names)))
        return base.sql("from conflicting").to_arrow_table(), base.sql(ANEW).to_arrow_table()


def day_of(base: duckdb.DuckDBPyConnection) -> date:
    """As `linked.day_of`, of `outline`."""
    (newest,) = base.sql("select max(as_of) from outline").fetchall()[0]
    today = settings().as_of_time().date()
    return min(newest or today, today)


def _touch(base: duckdb.DuckDBPyConnection, entities: list[str]) -> None:
    base.register("decided_values", pa.table({"entity_id": pa.array(entities, pa.string())}))
    touch(base, "from decided_values")


def _identified(base: duckdb.DuckDBPyConnection, kind: Kind, log: pa.Table, on: date, version: str) -> Assignment:
    """Ids of the clusters at stake, under the evidence of all records that have a say in them."""
    base.execute("create table told_at_stake as select * from told semi join clusters_at_stake using (mention_id)")
    clusters = grounded(kind.grounds, stewards.part(kind.name, _table(base, "clusters_at_stake")), _table(base, "told_at_stake"))
    occasion = Occasion(kind.name, mint_key(), on, version)
    among = _table(base, "concerned")["root_id"].combine_chunks()
    return assign(clusters, crosswalk.last_links(_table(base, "evidence")), log, occasion, among)


def _crosswalk(base: duckdb.DuckDBPyConnection, kind: Kind, made: Assignment, log: pa.Table, on: date, version: str) -> pa.Table:
    """Rows of the crosswalk for records of which any row is not as it was."""
    schema = crosswalk.schema(kind.name)
    before = base.sql(f"select {', '.join(schema.names)} from evidence semi join at_stake using (mention_id)").to_arrow_table()
    before = before.cast(schema)
    standing = identity_log.standing(pa.concat_tables([log, made.events]))
    after = crosswalk.continued(
        before, made.links, _table(base, "told_at_stake"), _table(base, "clusters_at_stake"), standing, on, version
    )
    base.register("before", before)
    base.register("after", after)
    base.execute(RELINKED)
    return after.filter(pc.is_in(after["mention_id"], value_set=_table(base, "relinked")["mention_id"].combine_chunks()))


def _table(base: duckdb.DuckDBPyConnection, name: str) -> pa.Table:
    return base.sql(f"from {name}").to_arrow_table()

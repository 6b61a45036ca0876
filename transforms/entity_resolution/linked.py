"""From mentions to entities with ids: linkage, stewards' decisions, ids that stay, crosswalk. The same for every kind."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import outcomes, tables
from lakehouse.settings import settings
from transforms.entity_resolution import crosswalk, erased, identity_log, neighbours, stewards
from transforms.entity_resolution.identity import Occasion, assign
from transforms.entity_resolution.linkage import Linkage, LinkageRules, link, rules_of
from transforms.entity_resolution.mint import mint_key

MODELS = "ops.linkage_models"
MODEL = pa.schema([("kind", pa.string()), ("rules", pa.string()), ("run_id", pa.string()), ("model", pa.string())])

GROUNDED = """
select c.mention_id, c.cluster, m.source_code, m.source_key, m.as_of from clusters c join mentions m using (mention_id)
where c.cluster in (select cluster from clusters join mentions using (mention_id) where {grounds})
"""
KNOWN = """
create table known as select mention_id, entity_id from xref semi join told using (mention_id)
where valid_to is null and entity_id not in (
  select entity_id from xref semi join decided_on using (mention_id) where valid_to is null);
create table newcomers as select mention_id from told anti join known using (mention_id);
create view outline as from told;
"""
"""Mentions of entities that stand, but for those that a steward has decided on since the last run; and all others."""


@dataclass(frozen=True)
class Kind:
    """A kind of entity: its name, and what a cluster must hold to be one (SQL over `mentions`); other mentions wait. `outline`:
    columns of all mentions that a delta looks through."""

    name: str
    grounds: str
    outline: tuple[str, ...]


@dataclass(frozen=True)
class Linked:
    """What a run found. `links`: mention_id, entity_id; mentions without one are held. `events` are new for the identity log,
    `pairs` and `conflicts` as linkage gives them. `keys`: by which a later delta finds what was compared. `is_full`: nothing
    was taken over from a former run."""

    links: pa.Table
    xref: pa.Table
    events: pa.Table
    pairs: pa.Table
    conflicts: pa.Table
    keys: pa.Table
    on: date
    is_full: bool


def relink(kind: Kind, mentions: pa.Table, compared: neighbours.Compared, is_full: bool = False) -> Linked:
    """Link mentions (with source_code, source_key, role, as_of, data_origin) and give each entity its id.

    Where a former run used the same rules, only mentions that are new, or that a steward has decided on since, are compared,
    and those of the entities that they can touch. Raises LinkageError as `link`.
    """
    rules, former = rules_of(kind.name), crosswalk.read(kind.name)
    model = None if is_full else model_of(rules)
    is_all = model is None or not former.num_rows

    def decided(given: pa.Table) -> pa.Table:
        return pa.concat_tables([stewards.merged_pairs(kind.name), erased.bound(given, mentions, former)])

    if is_all:
        given = compared(mentions.select(["mention_id"]))
        linkage = link(given, rules, None, decided(given), model)
        linked = linkage.clusters
    else:
        with duckdb.connect() as base:
            for name, table in {"told": mentions, "xref": former, "decided_on": decided_on(kind)}.items():
                base.register(name, table)
            base.execute(KNOWN)
            linkage, given = neighbours.link_delta(base, rules, compared, decided, model)
            linked = neighbours.with_settled(base, linkage.clusters)
    if model is None:
        _keep_model(rules, linkage)
    clusters = grounded(kind.grounds, stewards.part(kind.name, linked), mentions)
    on, log = day_of(mentions), identity_log.read(kind.name)
    made = assign(clusters, crosswalk.last_links(former), log, Occasion(kind.name, mint_key(), on, rules.rule_version))
    standing = identity_log.standing(pa.concat_tables([log, made.events]))
    xref = crosswalk.continued(former, made.links, mentions, linked, standing, on, rules.rule_version)
    keys = neighbours.left(given, made.links, rules)
    return Linked(made.links, xref, made.events, linkage.pairs, linkage.conflicts, keys, on, is_all)


def day_of(mentions: pa.Table) -> date:
    """The day that the data tell: the newest that any record speaks of, none in the future of the lake's clock."""
    today = settings().as_of_time().date()
    return min(pc.max(mentions["as_of"]).as_py() or today, today)


def rules_digest(rules: LinkageRules) -> str:
    return hashlib.sha256(rules.model_dump_json().encode()).hexdigest()[:16]


def grounded(grounds: str, clusters: pa.Table, mentions: pa.Table) -> pa.Table:
    """Clusters that are entities by the grounds of their kind, with what ids are given by."""
    with duckdb.connect() as base:
        base.register("clusters", clusters)
        base.register("mentions", mentions)
        return base.sql(GROUNDED.format(grounds=grounds)).to_arrow_table()


def decided_on(kind: Kind) -> pa.Table:
    """mention_id of the records on which a steward has decided since the last run."""
    last = (outcomes.last_inputs("registers", kind.name) or {}).get("decisions") or {}
    return pa.table({"mention_id": pa.array(stewards.touched(kind.name, last), pa.string())})


def model_of(rules: LinkageRules) -> dict | None:
    """The model of the last full run under these rules."""
    if not tables.exists(MODELS):
        return None
    wanted = (pc.field("kind") == rules.kind) & (pc.field("rules") == rules_digest(rules))
    kept = tables.read(MODELS, filters=wanted).sort_by("run_id")["model"].to_pylist()
    return json.loads(kept[-1]) if kept else None


def _keep_model(rules: LinkageRules, linkage: Linkage) -> None:
    row = {"kind": rules.kind, "rules": rules_digest(rules), "run_id": outcomes.run_id(), "model": json.dumps(linkage.model)}
    tables.append(MODELS, pa.Table.from_pylist([row], MODEL))

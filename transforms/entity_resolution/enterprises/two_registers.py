"""The register of market entities beside that of taxpayers [两库比对]: what one has and the other has not, or has otherwise.

An enterprise that is registered as active for 60 days and more owes a tax file; a tax file belongs to a registered enterprise
that has not been deregistered for longer than that; both name the same legal person.
"""

from datetime import date

import duckdb
import pyarrow as pa

from transforms.entity_resolution.enterprises.departments import TAX
from transforms.entity_resolution.enterprises.facts import Facts, show
from transforms.entity_resolution.survivorship import CONFLICTS

TERM_DAYS = 60
"""Days within which the one office must know what the other knows."""

FILED = """
select e.entity_id, max(m.as_of) as last_filed_on,
       arg_max(struct_pack(mention_id, source_code, taxpayer_no), row(as_of, mention_id)) as file
from mentions m join members e using (mention_id) where m.dataset = 'enterprise__tax' group by 1
"""
REGISTERED = """
select e.entity_id, arg_max(struct_pack(mention_id, source_code), row(as_of, mention_id)) as entry
from mentions m join members e using (mention_id) where m.dataset = 'enterprise__registrations' group by 1
"""
NAMED = """
select distinct on (e.entity_id, m.dataset) e.entity_id, m.dataset, m.mention_id, m.source_code, m.legal_person_name, m.as_of
from mentions m join members e using (mention_id)
where m.legal_person_name is not null and m.dataset in ('enterprise__registrations', 'enterprise__tax')
order by e.entity_id, m.dataset, m.as_of desc, m.mention_id
"""
COMPARED = """
with known as (
  select g.*, f.last_filed_on, f.file, r.entry from entities g
  left join filed f on f.entity_id = g.enterprise_id left join registered r on r.entity_id = g.enterprise_id),
differing as (
  select a.entity_id, unnest([a, t]) as said from named a join named t using (entity_id)
  where a.dataset = 'enterprise__registrations' and t.dataset = 'enterprise__tax' and a.legal_person_name <> t.legal_person_name)
select enterprise_id as entity_id, 'tax_file' as attribute, 'no_tax_file' as kind, 'AMR' as source, entry.source_code,
       entry.mention_id, status_code as value, established_on as as_of
from known where entry is not null and status_code = 'active' and established_on <= $on::date - $term
     and coalesce(last_filed_on, date '0001-01-01') < $on::date - $term
union all
select enterprise_id, 'registration', 'no_registration', 'TAX', file.source_code, file.mention_id, file.taxpayer_no, last_filed_on
from known where file is not null and (entry is null or last_filed_on > deregistered_on + $term)
union all
select entity_id, 'legal_person_name', 'legal_person_differs', if(said.dataset = 'enterprise__tax', 'TAX', 'AMR'),
       said.source_code, said.mention_id, said.legal_person_name, said.as_of
from differing
"""


def compare_two_registers(facts: Facts, entities: pa.Table, on: date) -> pa.Table:
    """Rows of `conflict__enterprises` as of a day, one per finding (two where the registers differ: what each says).

    Without any tax file there is nothing to compare, and no finding.
    """
    if not facts.has(TAX):
        return CONFLICTS.empty_table()
    with duckdb.connect() as base:
        show(base, facts)
        base.register("entities", entities)
        for name, query in (("filed", FILED), ("registered", REGISTERED), ("named", NAMED)):
            base.execute(f"create table {name} as {query}")
        found = base.sql(COMPARED, params={"on": on, "term": TERM_DAYS}).to_arrow_table()
    more = {"is_chosen": False, "rule": "two_registers", "is_open": True}
    columns = {
        f.name: found[f.name] if f.name in found.column_names else pa.repeat(pa.scalar(more.get(f.name), f.type), len(found))
        for f in CONFLICTS
    }
    return pa.table(columns).cast(CONFLICTS)

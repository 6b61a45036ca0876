"""What each record claims about the enterprise that it was linked to: one query per attribute, for survivorship to choose from.

The queries read the tables that `facts` shows. Each gives entity_id, mention_id, source_code, role, as_of, value.
"""

_OF_MENTION = """
select e.entity_id, m.mention_id, m.source_code, m.role, m.as_of, cast({value} as varchar) as value
from mentions m join members e using (mention_id) where {where}
"""
_OF_RECORD = """
select e.entity_id, m.mention_id, m.source_code, m.role, m.as_of, cast({value} as varchar) as value
from {table} r join mentions m on m.record_id = r._record_id and m.role = 'self' join members e using (mention_id) where {where}
"""
_OF_LIFE = """
select enterprise_id as entity_id, record_id || '#self' as mention_id, source_code, 'self' as role, event_date as as_of,
       status_after as value
from life qualify row_number() over (partition by enterprise_id order by turn desc) = 1
"""
CLASS = """
case when coalesce(c.class, t.value, f.class) = 'enterprise'
          and (t.value = 'branch' or m.parent_name is not null or m.legal_form_code in ('branch', 'bank_branch')) then 'branch'
     else coalesce(c.class, t.value, f.class) end
"""
_OF_CLASS = f"""
select e.entity_id, m.mention_id, m.source_code, m.role, m.as_of, {CLASS} as value
from mentions m join members e using (mention_id) left join registrations r on r._record_id = m.record_id and m.role = 'self'
     left join types t on t.code = r.entity_type_code left join classes c on c.code = m.uscc[1:2]
     left join forms f on f.legal_form_code = m.legal_form_code
"""


def _mention(value: str, where: str = "true") -> str:
    return _OF_MENTION.format(value=value, where=where)


def _record(table: str, value: str, where: str = "true") -> str:
    return _OF_RECORD.format(table=table, value=value, where=where)


def _either(column: str, of_organisations: str | None = None) -> str:
    """From the register of market entities or from that of bodies and organisations."""
    return f"{_record('registrations', column)} union all {_record('organisations', of_organisations or column)}"


_ADDRESS = "coalesce(m.address_id, m.address_text)"
_INDUSTRY = """coalesce((select max(i.to_code) from industry_succession i
                          where i.from_code = r.industry_code and i.valid_on <= r.state_of), r.industry_code)"""
"""A class that an edition has replaced by the day of the delivery counts as the one that replaced it."""

CLAIMS = {
    "uscc": _mention("m.uscc", "m.role = 'self'"),
    "org_code9": _mention("m.org_code9", "m.role = 'self'"),
    "reg_no_15": _mention("m.reg_no_15"),
    "taxpayer_no": _mention("m.taxpayer_no"),
    "name": _mention("m.name", "m.standard_name is not null"),
    "class": _OF_CLASS,
    "entity_type_code": _record("registrations", "r.entity_type_code"),
    "status": _OF_LIFE,
    "established_on": _either("r.established_on", "r.registered_on"),
    "capital": """
select e.entity_id, m.mention_id, m.source_code, m.role, m.as_of, c.capital_10k || ' ' || c.currency_code as value
from capitals c join mentions m using (mention_id) join members e using (mention_id)
""",
    "legal_person_name": _either("r.legal_person_name"),
    "legal_person_no": _record("registrations", "r.legal_person_no"),
    "registered_address": _mention(_ADDRESS, "m.dataset in ('enterprise__registrations', 'enterprise__organisations')"),
    "operating_address": _mention(_ADDRESS),
    "industry_code": f"{_record('tax', _INDUSTRY)} union all {_record('registrations', _INDUSTRY)}",
    "employees": f"{_record('employment', 'r.insured_persons')} union all {_record('annual_reports', 'r.employees')}",
    "is_trading": f"""{_record("tax", "true", "lower(cast(r.declared as varchar)) in ('1', 'true')")}
union all {_record("employment", "true", "r.insured_persons > 0")}""",
}

"""Whose values change by the day alone: words that grow too old to count, benefits that end, stays that become long enough."""

from datetime import date

import duckdb

from transforms.entity_resolution.persons import terms
from transforms.entity_resolution.survivorship_rules import rules_of
from transforms.entity_resolution.touched import limits, touch

AGED = """
select entity_id from members_now join outline m using (mention_id) join limits l using (dataset)
where m.as_of >= least($before, $on) - l.days::integer and m.as_of < greatest($before, $on) - l.days::integer
"""
ENDED = """
select entity_id from members_now join population__assistance s on s._record_id || '#self' = mention_id
where s.to_date >= least($before, $on) and s.to_date < greatest($before, $on)
"""
STAYED = """
select entity_id from members_now join population__floating s on s._record_id || '#self' = mention_id
where s.from_date > least($before, $on) - to_months({months}) and s.from_date <= greatest($before, $on) - to_months({months})
"""


def touch_by_day(base: duckdb.DuckDBPyConnection, present: set[str], before: date, on: date) -> None:
    """Count those among the touched."""
    known = terms.terms()
    own = {("population__social_insurance", known["insured_days"]), ("population__enrolments", known["school_days"])}
    base.register("limits", limits(rules_of("persons"), own))
    questions = {"": AGED, "population__assistance": ENDED, "population__floating": STAYED}
    for dataset, question in questions.items():
        if not dataset or dataset in present:
            touch(base, question.format(months=known["usual_resident_months"]), {"before": before, "on": on})

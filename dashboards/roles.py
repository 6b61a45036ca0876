"""Who may see what: roles and row rules as data. `bootstrap` applies them, the tests ask the running server.

Plain Python without imports: read in both environments.
"""

from dataclasses import dataclass

# Without these three an anonymous page falls back to English, logs errors, or fails to load its menu.
PAGE = (("can_language_pack", "Superset"), ("can_log", "Superset"), ("can_read", "SecurityRestApi"))
# What Superset's own Public role would also bring and a reader of a page never needs.
NOT_FOR_READERS = (("can_external_metadata", "Datasource"), ("can_slice", "Superset"))


@dataclass(frozen=True)
class Role:
    """One role.

    base: Superset's built-in sets of permissions that it starts from; extra: single permissions;
    datasets: `open` or `all`; dashboards: which ones it is named on; sql: the database in SQL Lab.
    """

    base: tuple[str, ...]
    datasets: str
    dashboards: tuple[str, ...]
    extra: tuple[tuple[str, str], ...] = PAGE
    without: tuple[tuple[str, str], ...] = ()
    sql: bool = False


@dataclass(frozen=True)
class RowRule:
    """Rows that the roles get of every dataset that has the column: those that fulfil the clause."""

    name: str
    column: str
    clause: str
    roles: tuple[str, ...]


OPEN_PAGES = ("air-quality", "enterprises", "geography")
STAFF_PAGES = ("population", *OPEN_PAGES, "operations")
"""In the order in which a page names them; the first is where a reader begins."""
ROLES = {
    "Public": Role(("Public",), "open", OPEN_PAGES, without=NOT_FOR_READERS),
    "DecisionMaker": Role(("Public",), "all", STAFF_PAGES, without=NOT_FOR_READERS),
    "Analyst": Role(("Gamma", "sql_lab"), "all", STAFF_PAGES, sql=True),
    "Steward": Role(("Gamma",), "all", STAFF_PAGES),
}

# Never for a role with SQL Lab: row rules do not reach into SQL that a person writes.
ROW_RULES = (RowRule("no test vectors", "data_origin", "data_origin <> 'test_vector'", ("Public", "DecisionMaker")),)

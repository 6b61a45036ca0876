"""Superset's first start and every change of the dashboards: runs with Superset's own Python.

    python -m dashboards.bootstrap ASSETS | --check     (variables as `dashboards.inside.variables` gives them)

Migrates Superset's own database, makes the accounts, imports the assets (overwriting), applies roles, dashboard
access and row rules, and asks every chart for its data (with --check only that). Ends with one line of JSON; exit
code 1 and a sentence on standard error per chart that has no rows or fails. Running it again changes nothing.

Superset's models can be imported only inside its application, so the functions import them.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import yaml
from flask import current_app, g
from flask_migrate import upgrade
from superset.app import create_app

from dashboards import metadata_file
from dashboards.roles import ROLES, ROW_RULES

ACCESS = "access.json"
HOME = Path(os.environ["DASHBOARDS_HOME"])
VERSION = version("apache-superset")


def main(argument: str) -> int:
    seconds: dict[str, float] = {}
    with step("start Superset", seconds):
        metadata_file.prepare(HOME, VERSION)
        app = create_app()
    with app.app_context():
        act_as("admin")
        if argument != "--check":
            set_up(Path(argument), seconds)
        with step("ask every chart for its data", seconds):
            rows, failures = ask_every_chart()
    for chart, reason in failures.items():
        print(f"Chart {chart!r}: {reason}", file=sys.stderr)
    print(json.dumps({"seconds": seconds, "rows": rows}, ensure_ascii=False))
    return 1 if failures else 0


def set_up(assets: Path, seconds: dict[str, float]) -> None:
    """All steps in order; their seconds go into `seconds`."""
    steps = {
        "make Superset's own database": migrate,
        "accounts": make_accounts,
        "import charts and dashboards": import_assets,
        "roles": apply_access,
    }
    for name, work in steps.items():
        with step(name, seconds):
            work(assets)


@contextmanager
def step(name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Say which step begins, and keep how long it took."""
    print(f"doing: {name}", flush=True)
    begun = time.monotonic()
    yield
    seconds[name] = round(time.monotonic() - begun, 1)


def act_as(name: str) -> None:
    """Let what follows run in the name of that account (nobody before the first bootstrap has made it)."""
    from superset import security_manager

    g.user = security_manager.find_user(name)


def migrate(_assets: Path) -> None:
    """Bring Superset's own database to this version; its built-in roles follow the code."""
    import superset
    from superset import appbuilder, security_manager

    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
    metadata_file.finish(HOME, VERSION)
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()


def make_accounts(_assets: Path) -> None:
    """The accounts of the secrets file; a changed password or role in the file wins, who is not in it may not log in."""
    from superset import security_manager
    from superset.extensions import db

    for role in ROLES:
        security_manager.add_role(role)
    served = current_app.config["ACCOUNTS"]
    for user in security_manager.get_all_users():
        user.active = user.username in served
    for name, account in served.items():
        user, role = security_manager.find_user(name), security_manager.find_role(account["role"])
        hashed = account["password_hash"]
        if user is None:
            user = security_manager.add_user(name, name, "account", f"{name}@localhost", role, hashed_password=hashed)
        user.roles, user.password = [role], hashed
    db.session.commit()
    act_as("admin")


def import_assets(assets: Path) -> None:
    """All YAML files below the folder, overwriting what has the same UUID; raises when one does not fit."""
    from superset.commands.importers.v1.assets import ImportAssetsCommand

    files = {str(f.relative_to(assets)): f.read_text("utf-8") for f in sorted(assets.rglob("*.yaml"))}
    ImportAssetsCommand(files).run()
    remove_left_behind({yaml.safe_load(text)["uuid"] for text in files.values() if "uuid:" in text})


def remove_left_behind(kept: set[str]) -> None:
    """Delete what an earlier import brought and the files no longer name; what people made themselves stays."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    for model in (Dashboard, Slice, SqlaTable):
        for held in db.session.query(model).filter_by(is_managed_externally=True).all():
            if str(held.uuid) not in kept:
                db.session.delete(held)
    db.session.commit()


def apply_access(assets: Path) -> None:
    """Permissions of each role, roles of each dashboard, row rules; whatever was granted by hand is taken back."""
    from superset import security_manager
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard

    access = json.loads((assets / ACCESS).read_text("utf-8"))
    datasets = db.session.query(SqlaTable).all()
    database = db.session.query(Database).one()
    for name, role in ROLES.items():
        granted = [table for table in datasets if role.datasets == "all" or str(table.uuid) in access["open_datasets"]]
        wanted = {("datasource_access", table.perm) for table in granted} | set(role.extra)
        if role.sql:
            wanted.add(("database_access", database.perm))
        pvms = {security_manager.add_permission_view_menu(*pair) for pair in wanted}
        for base in role.base:
            pvms |= {p for p in base_permissions(base) if (p.permission.name, p.view_menu.name) not in role.without}
        security_manager.find_role(name).permissions = list(pvms)
    for dashboard in db.session.query(Dashboard).all():
        named = [name for name, role in ROLES.items() if dashboard.slug in role.dashboards]
        dashboard.roles = [security_manager.find_role(name) for name in named]
    apply_row_rules(datasets)
    db.session.commit()


def base_permissions(name: str) -> set:
    """Permissions of a built-in role as the code defines it (Public may hold more from the run before)."""
    from superset import security_manager

    check = getattr(security_manager, f"_is_{name.lower()}_pvm")
    return {pvm for pvm in security_manager._get_all_pvms() if check(pvm)}


def apply_row_rules(datasets: list) -> None:
    from superset import security_manager
    from superset.connectors.sqla.models import RowLevelSecurityFilter
    from superset.extensions import db

    for rule in ROW_RULES:
        held = db.session.query(RowLevelSecurityFilter).filter_by(name=rule.name).one_or_none()
        row_filter = held or RowLevelSecurityFilter(name=rule.name)
        row_filter.filter_type, row_filter.clause = "Regular", rule.clause
        row_filter.roles = [security_manager.find_role(role) for role in rule.roles]
        row_filter.tables = [table for table in datasets if any(c.column_name == rule.column for c in table.columns)]
        db.session.add(row_filter)


def ask_every_chart() -> tuple[dict[str, int], dict[str, str]]:
    """Run each chart's own query as administrator; returns rows per chart and, per failing chart, why."""
    from superset.charts.schemas import ChartDataQueryContextSchema
    from superset.commands.chart.data.get_data_command import ChartDataCommand
    from superset.extensions import db
    from superset.models.slice import Slice

    rows, failures = {}, {}
    for chart in db.session.query(Slice).order_by(Slice.slice_name).all():
        try:
            context = ChartDataQueryContextSchema().load(json.loads(chart.query_context))
            command = ChartDataCommand(context)
            command.validate()
            rows[chart.slice_name] = sum(query["rowcount"] for query in command.run()["queries"])
        except Exception as error:  # any fault of one chart is reported with the others
            failures[chart.slice_name] = str(error).splitlines()[0][:300]
            continue
        if not rows[chart.slice_name]:
            failures[chart.slice_name] = "its query gives no rows."
    return rows, failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Is there anything to forecast, and is the model still young enough?"""

from datetime import datetime, timedelta

from lakehouse import outcomes, tables
from lakehouse.pipeline import Plan
from ml.pm25_forecast import card, panel
from ml.pm25_forecast.method import fingerprint
from ml.pm25_forecast.predict import DATASET

STAGE = "forecast"
RETRAIN_AFTER = timedelta(days=30)
NEWEST_SQL = f"select max(hour_at) from {panel.AIR} where pollutant_code = 'pm25' and list_contains($stations, station_id)"


def plan() -> Plan:
    """Empty if gold does not exist, no station has enough history, or nothing changed since the last forecast."""
    if not tables.exists(panel.AIR):
        return {}
    versions = {name: tables.version(name) for name in panel.inputs()}
    if outcomes.last_inputs(STAGE, DATASET) == versions | {"method": fingerprint()}:
        return {}
    stations = panel.eligible_stations()
    if not stations:
        print(f"  no station has {panel.SHORTEST_HISTORY_HOURS // 24} days of PM2.5 yet: no forecast")
        return {}
    with tables.duck(panel.AIR) as db:
        newest = db.execute(NEWEST_SQL, {"stations": list(stations)}).fetchone()[0]
    reason = why_train(card.read(), stations, newest)
    return {"inputs": versions, "stations": list(stations), "newest": newest.isoformat(), "train": reason}


def why_train(last: dict | None, stations: tuple[str, ...], newest: datetime) -> str | None:
    """The reason for a training in words; None = the model at hand will do."""
    if last is None:
        return "there is no model yet"
    if last["method"]["fingerprint"] != fingerprint():
        return "the method has changed since the last training"
    if new := set(stations) - set(last["data"]["stations"]):
        return f"the model does not know {', '.join(sorted(new))}"
    if (age := newest - datetime.fromisoformat(last["data"]["until"])) >= RETRAIN_AFTER:
        return f"{age.days} days of data have come since the last training"
    return None

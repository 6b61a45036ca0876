"""Judge the measured figures of all tables by Great Expectations; results become gate outcomes.

It gets one frame of one row with a column for each figure, so that its own time does not grow with tables and rows.
"""

import logging
import os
from collections.abc import Sequence
from datetime import datetime

from lakehouse import progress
from lakehouse.contracts import Dataset
from quality.expectations.figures import Figure, measure
from quality.expectations.suite import Expected, expectations
from quality.gate_outcomes import GateOutcome

os.environ["GX_ANALYTICS_ENABLED"] = "false"
logging.getLogger("great_expectations").setLevel(logging.WARNING)
NAME = "gates"


def validate(versions: Sequence[tuple[Dataset, int]], as_of: datetime, waived: int = 0) -> list[GateOutcome]:
    """Run each dataset's suite on the version of its table that stands beside it, at the given clock.

    Values out of range in no more rows than stewards waived are their decision: a warning, not an error.
    """
    asked: list[tuple[Dataset, Expected]] = []
    found: list[Figure] = []
    for number, (dataset, version) in enumerate(versions, 1):
        progress.doing(f"expectations, {number} of {len(versions)}: {dataset.table}")
        suite = expectations(dataset)
        asked += [(dataset, one) for one in suite]
        found += measure(dataset.table, version, as_of, suite)
    verdicts = judge([one for _, one in asked], found)
    return [_outcome(*one, figure, passed, waived) for one, figure, passed in zip(asked, found, verdicts, strict=True)]


def judge(suite: list[Expected], found: list[Figure]) -> list[bool]:
    """Whether each figure lies within its bounds; one that cannot be said does not."""
    import great_expectations as gx
    import pandas as pd
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    places = [str(place) for place in range(len(suite))]
    configured = [
        ExpectationConfiguration(type="expect_column_max_to_be_between", kwargs={"column": place, **one.bounds}).to_domain_obj()
        for place, one in zip(places, suite, strict=True)
    ]
    frame = pd.DataFrame({place: [figure.value] for place, figure in zip(places, found, strict=True)})
    asset = _context().data_sources.add_pandas(NAME).add_dataframe_asset(NAME)
    batch = asset.add_batch_definition_whole_dataframe(NAME).get_batch({"dataframe": frame})
    results = batch.validate(gx.ExpectationSuite(NAME, expectations=configured), result_format="BASIC").results
    verdicts = {r.expectation_config.kwargs["column"]: bool(r.success) for r in results}
    return [verdicts[place] for place in places]


def _context():
    import great_expectations as gx
    from great_expectations.data_context.types import base

    base.logger.setLevel(logging.WARNING)  # its import sets a level of its own, and it announces every temporary folder
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = base.ProgressBarsConfig(globally=False)
    return context


def _outcome(dataset: Dataset, one: Expected, figure: Figure, passed: bool, waived: int) -> GateOutcome:
    severity, message = one.severity, one.message
    if not passed:
        message = f"{dataset.table}: {one.message} Expected {one.expected}, observed {figure.words}."
        if one.is_waivable and 0 < (figure.value or 0) <= waived:
            severity, message = "warning", f"{message} {waived} waivers of stewards stand."
    return GateOutcome(dataset.id, dataset.table, one.check, "expectation", severity, passed, figure.words, one.expected, message)

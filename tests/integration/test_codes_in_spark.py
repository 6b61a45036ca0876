"""The rule functions as Spark evaluates them, beside the mask, on right and wrong codes of every kind."""

from datetime import date

import pyarrow as pa
import pytest

from lakehouse.contracts.derive import mask, spark_sql

pytestmark = pytest.mark.spark

CODES = [
    "11010519491231002X", "11010519491231002x", "110101199002300019", "110105491231002", "91110000600037341L",
    "A11100006000373412", "91330109x09256432K", "12100000400001424T", "600037341", "D2143569X", "71526726x",
    "110108000000016", "110108000000017", "3303021012389", "", "零", "11010519491231002X\n", "妗愬簮鍘挎í鏉戦晣", "妗愬簮\n",
    "濮建", "1761A",
    "0169", "990122000000019", None,
]  # fmt: skip
DAYS = [date(2021, 4, 8), date(2021, 4, 9), None]
PREDICATES = [
    "is_citizen_number(x)",
    "birth_date_of(x) = date_of_birth",
    "sex_code_of(x) = '2'",
    "is_credit_code(x)",
    "is_organisation_code(x) or is_organisation_code(substring(x, 9, 9))",
    "is_registration_number(x)",
    "not is_registration_number(x)",
    "is_division_on(division_code, day)",
    "is_division(substring(x, 1, 6))",
    "is_industry_on(x, day)",
    "is_mojibake(x)",
    "x rlike '^..99[0-9]{4}' or x rlike '^[0-9]+([.][0-9]+)?X$'",
]


def test_spark_says_what_the_mask_says(spark):
    rows = [
        {"x": code, "date_of_birth": date(1949, 12, 31), "division_code": division, "day": day}
        for code in CODES
        for division in ("330104", "330114", "330122", "999999", None)
        for day in DAYS
    ]
    table = pa.Table.from_pylist(
        rows, pa.schema([("x", "string"), ("date_of_birth", "date32"), ("division_code", "string"), ("day", "date32")])
    )
    spark.createDataFrame(table.to_pandas(date_as_object=True)).createOrReplaceTempView("codes")
    columns = ", ".join(f"{spark_sql(predicate)} as p{i}" for i, predicate in enumerate(PREDICATES))
    found = spark.sql(f"select {columns} from codes").toArrow()
    for i, predicate in enumerate(PREDICATES):
        held = mask(predicate, table)
        assert found[f"p{i}"].to_pylist() == held.to_pylist(), predicate
        assert 0 < sum(held.to_pylist()) < table.num_rows, predicate

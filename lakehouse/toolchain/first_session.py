"""A short Spark session that touches what every run touches: Java records which classes are needed."""

import sys

from lakehouse.session import spark_session
from lakehouse.settings import settings


def exercise() -> None:
    """Write, merge and read one Delta table, place one point on the map, end the JVM in good order."""
    spark = spark_session()
    place = settings().tables / "first"
    rows = spark.range(100).selectExpr("id", "id % 7 as station", "timestamp_seconds(id * 3600) as at", "id * 1.5 as value")
    rows.write.format("delta").partitionBy("station").save(str(place))
    rows.createOrReplaceTempView("fresh")
    spark.sql(
        f"merge into delta.`{place}` t using fresh s on t.id = s.id "
        "when matched then update set value = s.value when not matched then insert *"
    )
    spark.read.format("delta").load(str(place)).groupBy("station").agg({"value": "avg"}).collect()
    spark.read.format("delta").load(str(place)).mapInArrow(lambda batches: batches, rows.schema).count()
    spark.sql("select ST_AsBinary(ST_Transform(ST_Point(120.5, 30.25), 'EPSG:4326', 'EPSG:4549'))").collect()
    _end(spark)


def _end(spark) -> None:
    gateway = spark.sparkContext._gateway
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()  # the JVM exits at the end of its input and writes the archive then
    gateway.proc.wait(timeout=180)


if __name__ == "__main__":
    sys.exit(exercise())

"""Silver -> gold: reference tables, then the dbt project in the live Spark session."""

"""The SQL path of all other datasets: the same contract and mapping as Spark SQL expressions."""

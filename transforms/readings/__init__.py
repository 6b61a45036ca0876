"""The kernel path of high-volume observations: pure Arrow and NumPy, run slice by slice in Spark tasks."""

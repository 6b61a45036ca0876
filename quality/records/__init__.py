"""Departments' records: texts as they were landed -> typed columns of the contract, and what they break. Needs no engine."""

"""Whole files from departments: received, locked into a plan, landed once, answered with a signed receipt."""

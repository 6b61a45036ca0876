"""Verification of statements on the registers: yes, no or unknown, never a stored value; every call is logged.

`verify` judges one statement, `compare` says field by field whether rows agree, `lookup` shows a masked profile to officers whose
purpose allows it. What is absent and what is withheld get the same answer, by the same work, after the same time.
"""

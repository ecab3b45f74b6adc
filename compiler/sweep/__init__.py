"""Live pods beside what today's policies would make of them. Pure: objects and a cluster's normal form in, verdicts out.

What a pod's author sent is reconstructed (``authored``), the engine says what would become of it today, and the two are compared in the
fields that Overbank owns (``judge``). What cannot be known is said to be unknown; nothing is taken for granted. ``restart`` puts the
workloads that would have to make their pods anew in an order that disruption budgets allow. Nothing is ever changed.
"""

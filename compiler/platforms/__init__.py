"""Vendor facts as data: keys, mechanisms, version gates, add-ons. Each with its source and how sure it is.

Marks: documented (a vendor page says so), documented by example (only a sample shows it), inferred (our conclusion).
"""

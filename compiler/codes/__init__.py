"""The closed table of diagnostic codes, a module for each category; ``compiler.codes.catalogue`` has them all.

The first digit is the category: 0 reading files, 1 shape of documents, 2 names and references, 3 platforms and versions,
4 what policies mean together, 5 output, 6 tests, 7 federation, 8 manifests in Git, 9 plans. Identifiers are never used again for something else.
"""

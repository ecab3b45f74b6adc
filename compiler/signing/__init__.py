"""Signatures of bundles: keys, and the rendered tree with signatures in it. Pure: text in, text out; who reads and writes is the command line.

A webhook that has public keys takes over no bundle that none of them has signed. The signature stands beside the bundle, in
``webhook/bundle.sig`` and in the same ConfigMap, so that the two can only change together.
"""

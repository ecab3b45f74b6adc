"""Strategies for bundles, and for requests that meet them; what they leave out the compiler refuses."""

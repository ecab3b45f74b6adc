"""Tests of documents that say what nodes say."""

"""What earlier runs found out, on disk: a folder that can be deleted at any time, and is never needed.

* ``folder`` says where it lies, makes it, and knows it again by its ``CACHEDIR.TAG``. ``clean`` empties it.
* ``store`` keeps answers by key in a SQLite file, which several processes may use at once. What is damaged is not there.
* ``index`` knows files that have not changed since they were read, by what the file system says of them.
* ``fingerprint`` is what keys are made with, so that one version of the tool never sees what another one left.

What cannot be read or written is done without, with one warning; nothing here ends a command. The page for users is docs/cache.md.
"""

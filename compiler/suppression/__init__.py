"""Comments that suppress findings: ``# overbank: ignore[OB4107] reason``.

A comment at the end of a line is about what begins in that line; one that has its line to itself, about the next line with content.
It suppresses warnings and infos whose primary place is there, and nothing else. What the comments of a file say is a fact of that file;
which of them suppress nothing is known when everything has been looked at. PURE.
"""

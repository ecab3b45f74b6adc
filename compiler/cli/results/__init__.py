"""How commands answer: which findings, in which shape and colour, where they go, and what the terminal shows meanwhile.

It knows nothing of repositories and how they are opened (``compiler.cli.arguments``).
"""

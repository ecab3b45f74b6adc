"""Codes of reading files: what keeps bytes from becoming documents."""

from typing import Final

from compiler.codes import sources
from compiler.diagnostics import Code, Severity

SYNTAX: Final = Code(
    "OB0101",
    Severity.ERROR,
    "not valid YAML",
    """The file is not YAML, so nothing in it could be read. Every .yaml and .yml file below the repository's root is read,
except in hidden folders, the output folder and the paths under `exclude` in overbank.yaml.

Mend the file. If it is no plain YAML on purpose (a Helm template, say), exclude it:

    spec:
      exclude: ["charts/**"]""",
    (sources.YAML,),
)
DUPLICATE_KEY: Final = Code(
    "OB0102",
    Severity.ERROR,
    "duplicate key",
    """A mapping has the same key twice. YAML forbids it, and parsers that allow it silently drop one of the two values:
the one that you see in a review may not be the one that counts.

Remove one of the two.""",
    (sources.YAML,),
)
KEY_NOT_TEXT: Final = Code(
    "OB0103",
    Severity.ERROR,
    "mapping key is not a string",
    """Keys of Kubernetes objects are strings. Unquoted, `1`, `true` and `null` are a number, a boolean and nothing.

Put the key in quotes. If the file is a template (`{{ ... }}` is a mapping as a key), exclude it in overbank.yaml.""",
    (sources.YAML,),
)
TAG: Final = Code(
    "OB0104",
    Severity.ERROR,
    "unsupported YAML tag",
    """Tags such as `!Ref` or `!!python/object` ask the reader to build something else than plain data. Policies are plain
data; only `!!str` and `!` (both: this is a string) are read.

Remove the tag, or quote the value.""",
    (sources.YAML,),
)
MERGE_KEY: Final = Code(
    "OB0105",
    Severity.ERROR,
    "merge keys are not supported",
    """`<<` is an extension of YAML 1.1 that YAML 1.2 dropped. Readers disagree about it, so two tools could see two policies.

Write the fields out, or use an alias for a whole value.""",
    (sources.YAML,),
)
TOO_LARGE: Final = Code(
    "OB0106",
    Severity.ERROR,
    "document is too large or too deeply nested",
    """Overbank reads files that strangers push, so every input is bounded: 8 MiB a file, 100 levels of nesting, 500,000
values a file; with aliases expanded, and 32 characters of text counting as one value more. No policy comes near this.

Split the file, or exclude it in overbank.yaml if it holds no policies.""",
)
ALIAS: Final = Code(
    "OB0107",
    Severity.ERROR,
    "alias that cannot be resolved",
    """An alias refers to an anchor that was not defined before it in the same document, or to a value that contains the
alias itself.

Define the anchor first, or write the value out.""",
    (sources.YAML,),
)
ENCODING: Final = Code(
    "OB0108",
    Severity.ERROR,
    "not UTF-8 text",
    """Files must be UTF-8 without control characters. Bytes that are not would be read differently by different tools.

Save the file as UTF-8.""",
    (sources.YAML,),
)
UNREADABLE: Final = Code(
    "OB0109",
    Severity.ERROR,
    "file cannot be read",
    """The operating system refused to give the file's content.

Check that the file exists and that its permissions let you read it, or exclude it in overbank.yaml.""",
)
LINK: Final = Code(
    "OB0110",
    Severity.WARNING,
    "symbolic link is not followed",
    """Symbolic links are not followed: a link could lead out of the repository, and what it leads to within the repository
would be read twice.

Replace the link by the file itself, or exclude it in overbank.yaml.""",
)
TOO_MANY: Final = Code(
    "OB0111",
    Severity.ERROR,
    "more findings than are listed",
    """So much is wrong with this file or document that the rest of it was not looked at. It is most likely not what it is taken
for: generated, damaged, or of another program.

Mend what is listed and run again, or exclude the file in overbank.yaml.""",
)
ALIKE: Final = Code(
    "OB0112",
    Severity.WARNING,
    "paths that some systems take for one",
    """Two files have paths that differ only in upper and lower case, or in how their accents are encoded (Unicode NFC or NFD). The
file systems of macOS and Windows take them for the same file, so a checkout there has only one of them, and other policies.

Rename one of the two.""",
)
HIDDEN_TEXT: Final = Code(
    "OB0113",
    Severity.ERROR,
    "text that reads differently from how it looks",
    """The file has a character that changes the order in which text is shown (Unicode's bidirectional controls U+202A to U+202E and
U+2066 to U+2069), or the word `apiVersion` or its value has a letter of another script that looks like the right one. Either way a
review shows another policy than the one that is read (CVE-2021-42574, CVE-2021-42694, "Trojan Source").

Remove the character, or type the word anew. In a value that needs it, write its escape in double quotes, which everybody sees.""",
    (sources.TROJAN_SOURCE,),
)

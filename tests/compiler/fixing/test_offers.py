"""What is said about fixes, held to the fixes that findings have."""

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import compiler
from compiler.codes import documents, names, platforms, policies, suppression
from compiler.codes.catalogue import BY_ID
from compiler.codes.offers import OFFERS, Offer
from compiler.source import SourceFile

ROOT = Path(compiler.__file__).parent
POOL = "  - {name: serverless, type: eci}"
CLASS = {
    "accelerators/gpu.yaml": "apiVersion: overbank.dev/v1alpha1\nkind: AcceleratorClass\nmetadata: {name: gpu}\n"
    "spec: {resource: nvidia.com/gpu, eci: {useSpecs: [ecs.gn6i-c4g1.xlarge]}}\n"
}
USE = "  - {name: serverless}"
POOLS = f"  pools:\n  - {{name: idc, max: 3}}\n{USE}\n"
SHOWN = (
    ("burst/web.yaml", "kind: BurstPolicy", "kind: BurstPolicy  # overbank: ignore[OB4107] why"),
    ("burst/web.yaml", "pools:", "poools:"),
    ("clusters/idc.yaml", '"1.30"', "1.30"),
    ("burst/web.yaml", USE, USE + "\n  merge: overide"),
    ("burst/web.yaml", "names: [shop]", "names: [shop, shop]"),
    ("burst/web.yaml", "max: 3", "max: 010"),
    ("burst/web.yaml", "BurstPolicy", "BurstPolcy"),
    ("burst/web.yaml", "[idc]", "[icd]"),
    ("burst/web.yaml", "max: 3}", "max: 3, overrides: [{clusters: [elsewhere], max: 3}]}"),
    ("burst/web.yaml", "{name: serverless}", "{name: serverles}"),
    ("clusters/idc.yaml", POOL, POOL.replace("eci", "eci, nodeSelector: {a: b}")),
    ("burst/web.yaml", USE, "  accelerator: gpu"),
    ("burst/web.yaml", USE, USE + "\n  mirrorLabel: false"),
    ("clusters/idc.yaml", POOL, POOL.replace("eci", "eci, podsPerNode: 3")),
    ("burst/web.yaml", POOLS, "  inject: {labels: {a: b}}\n  merge: override\n"),
)


@pytest.mark.parametrize(
    ("offer", "shown"), [*zip(OFFERS, SHOWN, strict=True)], ids=lambda each: each.what if isinstance(each, Offer) else ""
)
def test_every_offer_is_made(
    offer: Offer, shown: tuple[str, str, str], cli: Callable[..., Any], write: Callable[..., Path], minimal: dict[str, str]
) -> None:
    """A finding of the code has such a fix; SARIF has the same edits, and they are what is written."""
    path, old, new = shown
    assert old in minimal[path]
    repo = write({**CLASS, **minimal, path: minimal[path].replace(old, new)})
    found = json.loads(cli("check", "--format", "json-v1", repo).out)["diagnostics"]
    assert [each["fix"]["safe"] for each in found if each["code"] == offer.code and each["fix"]] == [offer.safe]
    results = json.loads(cli("check", "--format", "sarif", repo).out)["runs"][0]["results"]
    (fix,) = (fix for each in results if each["ruleId"] == offer.code for fix in each.get("fixes", ()))
    (change,) = fix["artifactChanges"]
    text = (repo / path).read_text()
    file = SourceFile(path, text)
    for each in change["replacements"]:
        region = each["deletedRegion"]
        start, end = file.offset(region["startLine"], region["startColumn"]), file.offset(region["endLine"], region["endColumn"])
        text = text[:start] + each["insertedContent"]["text"] + text[end:]
    cli("check", "--unsafe-fixes", "--select", offer.code, repo)
    assert (repo / path).read_text() == text


def _codes_with_fixes() -> Iterator[str]:
    """Yield the names of codes to which a fix is given anywhere in the compiler."""
    for path in sorted(ROOT.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "diagnose"
            if isinstance(call, ast.Call) and named and any(each.arg == "fix" for each in call.keywords):
                yield ast.unparse(call.args[0]).rpartition(".")[2]


def test_no_other_code_has_fixes() -> None:
    """Wherever a finding is made with a fix, its code is among the offers."""
    offered = {
        name
        for module in (documents, names, platforms, policies, suppression)
        for name, code in vars(module).items()
        if any(BY_ID[offer.code] is code for offer in OFFERS)
    }
    # `misshapen` has the code of a wrong type in a variable.
    assert set(_codes_with_fixes()) == (offered | {"code"}) - {"WRONG_TYPE"}


def test_the_page_has_every_offer() -> None:
    """The table of docs/fixes.md is the list of offers, in its order."""
    rows = [line for line in (ROOT.parent / "docs/fixes.md").read_text(encoding="utf-8").splitlines() if line.startswith("| OB")]
    assert rows == [f"| {each.code} | {each.what} | {'yes' if each.safe else 'no'} |" for each in OFFERS]

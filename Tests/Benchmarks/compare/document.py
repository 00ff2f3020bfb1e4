"""Where the tables are in the documentation."""

from gateway.processes import Failure
from suite import ROOT

from . import report

PAGE = ROOT / "docs/performance.md"
PICTURES = ROOT / "docs/performance"
BEGIN = "<!-- written by deploy/benchmark, from here -->"
END = "<!-- written by deploy/benchmark, to here -->"


def replaced(page: str, text: str) -> str:
    """The page with another text between the marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failure(f"{PAGE.name} has no two lines '{BEGIN}' and '{END}' for the tables.")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def write(document: dict) -> None:
    PAGE.write_text(replaced(PAGE.read_text(), report.markdown(document, PICTURES.name)))

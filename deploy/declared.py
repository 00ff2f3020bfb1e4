"""What the code declares, for the checks of the files beside it."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]


def text(path: str) -> str:
    return (ROOT / path).read_text()


def settings() -> set[str]:
    """Every setting's name that a settings file of the code declares."""
    names = set()
    files = [*ROOT.glob("Services/**/*Settings.swift"), *ROOT.glob("Shared/Kit/**/*Settings.swift")]
    files += [*ROOT.glob("Services/Migrate/*.swift"), *ROOT.glob("Shared/Kit/Configuration/ConfigurationReader.swift")]
    for file in files:
        names |= set(re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|HOST|PORT)"', file.read_text()))
    return names


def setting(variable: str) -> str:
    """The setting that a variable gives: NAME_FILE names a file with the value of NAME."""
    return variable.removesuffix("_FILE")


def products() -> set[str]:
    """The executables that Package.swift makes."""
    return set(re.findall(r'\.executable\(name: "([^"]+)"', text("Package.swift")))

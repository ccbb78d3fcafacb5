"""Which 列対応表 a person may choose when a CSV of claims comes in: those of the city, and the example."""

from importlib.resources import files
from pathlib import Path

from tasuke.formats.claims_csv import load_mapping
from tasuke.platform.database.embedded import data_folder


def mapping_files() -> dict[str, Path]:
    """Mapping id → file: `mappings/*.toml` in the data folder, then the example. A file with faults is left out: the
    command line names them. Of two with one id, the city's counts."""
    example = Path(str(files("tasuke.formats.claims_csv") / "example_rengo.toml"))
    found: dict[str, Path] = {}
    for path in [*sorted((data_folder() / "mappings").glob("*.toml")), example]:
        mapping, _ = load_mapping(path)
        if mapping is not None:
            found.setdefault(mapping.id, path)
    return found


def mapping_titles() -> dict[str, str]:
    """Mapping id → title."""
    titles = {}
    for key, path in mapping_files().items():
        mapping, _ = load_mapping(path)
        titles[key] = mapping.title if mapping else key
    return titles

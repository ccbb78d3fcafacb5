"""One module per outside file layout: parse(bytes) -> records and problems, render(records) -> bytes. Pure."""

"""Files in and out, each a row: name, hash, counts, totals, who, when. The same file twice changes nothing."""

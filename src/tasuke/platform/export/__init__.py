"""Files for spreadsheets: figures stay figures, and no text becomes a formula."""

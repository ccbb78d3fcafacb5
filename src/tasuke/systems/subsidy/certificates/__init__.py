"""受給者証・医療証: issue, register, PDF."""

"""医療助成システム / 医療費助成システム. Its areas are layers: data flow from registry to statistics."""

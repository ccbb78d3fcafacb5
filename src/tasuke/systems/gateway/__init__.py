"""City gateway (市中間サーバ)."""

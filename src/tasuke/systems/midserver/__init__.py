"""中間サーバー of many municipalities."""

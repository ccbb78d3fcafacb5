"""Screens of 市中間サーバ."""

"""Stand-in for the national 情報提供ネットワークシステム: it is none, it only behaves like one for tests and demos."""

"""Operations of the area `claims`, one public function per file."""

"""Operations of the area `sharing`, one public function per file."""

"""Operations of the area `certificates`, one public function per file."""

"""Operations of the area `registry`, one public function per file."""

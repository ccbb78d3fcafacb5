"""Operations of the area `statistics`, one public function per file."""

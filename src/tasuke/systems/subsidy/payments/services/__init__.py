"""Operations of the area `payments`, one public function per file."""

"""Operations of the area `inquiries`, one public function per file."""

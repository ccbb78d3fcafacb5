"""Operations of the desk, one public function per file."""

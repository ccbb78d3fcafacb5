"""Operations of the resident distribution, one public function per file."""

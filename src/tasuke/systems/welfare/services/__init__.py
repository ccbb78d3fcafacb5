"""Operations of 社会保障宛名, one public function per file."""

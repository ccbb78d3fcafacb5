"""Operations of the area `entitlements`, one public function per file."""

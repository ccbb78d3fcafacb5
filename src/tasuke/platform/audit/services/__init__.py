"""Operations on the trail."""

"""Operations on single claims."""

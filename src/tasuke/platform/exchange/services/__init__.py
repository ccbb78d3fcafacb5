"""Operations on file rows."""

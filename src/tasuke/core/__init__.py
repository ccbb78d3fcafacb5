"""Pure ground: dates, numbers, text, money, periods. No Django, no database, no clock."""

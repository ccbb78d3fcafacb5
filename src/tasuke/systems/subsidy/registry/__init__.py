"""Persons as the city knows them: residents, insurance, income, welfare facts, accounts, family. All as history."""

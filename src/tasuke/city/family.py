"""Who is whose parent, breadwinner and supporter: lookups by pid, from the household's members."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.city.draw import Ints
from tasuke.city.people import HouseholdKind, Role
from tasuke.city.register import Register

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Families:
    """pid by household index; NOBODY where there is none.

    father / mother: of the children of a couple; lone: the lone parent; grandfather / grandmother: of a lone parent's
    children who live with them.
    """

    father: Ints
    mother: Ints
    lone: Ints
    grandfather: Ints
    grandmother: Ints
    household: Ints  # by pid

    def of(self, table: Ints, pids: Ints) -> Ints:
        """The entry of the household of each person."""
        return np.asarray(table[self.household[pids]], dtype=np.int64)


def build_families(register: Register) -> Families:
    """Lookups for all households."""
    people = register.people
    household = people["household"].to_numpy().astype(np.int64)
    size = int(household.max()) + 1
    kind, role = people["kind"], people["role"]
    couple = kind.is_in([int(HouseholdKind.FAMILY), int(HouseholdKind.THREE_GENERATION)])
    with_elders = kind == int(HouseholdKind.LONE_WITH_GRANDPARENTS)
    alone = kind == int(HouseholdKind.LONE_PARENT)

    def table(rows: pl.Series) -> Ints:
        result = np.full(size, NOBODY, dtype=np.int64)
        pids = np.flatnonzero(rows.to_numpy())
        result[household[pids]] = pids
        return result

    head, spouse = role == int(Role.HEAD), role == int(Role.SPOUSE)
    return Families(
        father=table(couple & head),
        mother=table(couple & spouse),
        lone=table((alone & head) | (with_elders & (role == int(Role.LONE_CHILD)))),
        grandfather=table(with_elders & head),
        grandmother=table(with_elders & spouse),
        household=household,
    )

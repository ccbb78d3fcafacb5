"""The registry's history tables: what is one state at a time in each, and what counts as a change."""

from tasuke.systems.subsidy.registry.models import (
    Account,
    Income,
    Insurance,
    MailingAddress,
    NameOnPapers,
    Relation,
    ResidentRecord,
    SingleParentStatus,
    WelfareFact,
)
from tasuke.systems.subsidy.registry.tables import HistoryTable

# 異動事由 and 届出日 tell of the event; a full file repeats the state without them. The search keys follow the names.
RESIDENTS = HistoryTable(
    model=ResidentRecord,
    key=("atena_no",),
    ignored=("event_code", "notified_on", "name_key", "kana_key"),
    own_ends=False,
)
INCOMES = HistoryTable(model=Income, key=("atena_no", "tax_year"), ignored=("source",))
# who told us of a membership makes no difference to it
INSURANCES = HistoryTable(model=Insurance, key=("atena_no",), ignored=("source", "insured_atena_no"))
FACTS = HistoryTable(model=WelfareFact, key=("atena_no", "fact_code"))
ACCOUNTS = HistoryTable(model=Account, key=("atena_no",), own_ends=False)
RELATIONS = HistoryTable(model=Relation, key=("atena_no", "scheme", "kind", "other_atena_no"))
SINGLE_PARENTS = HistoryTable(model=SingleParentStatus, key=("atena_no",))
MAILING_ADDRESSES = HistoryTable(model=MailingAddress, key=("atena_no",))
NAMES_ON_PAPERS = HistoryTable(model=NameOnPapers, key=("atena_no",))

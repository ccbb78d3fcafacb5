"""The feeds by the name under which they are imported."""

from tasuke.formats import (
    application_feed,
    entitlement_feed,
    my_number_feed,
    nhi_feed,
    receipt_feed,
    resident_feed,
    tax_feed,
    transfer_result_feed,
    welfare_feed,
)
from tasuke.formats.csv_layout import Layout

FEEDS: dict[str, Layout] = {
    "residents": resident_feed.LAYOUT,
    "tax": tax_feed.LAYOUT,
    "nhi": nhi_feed.LAYOUT,
    "welfare": welfare_feed.LAYOUT,
    "applications": application_feed.LAYOUT,
    "receipts": receipt_feed.LAYOUT,
    "entitlements": entitlement_feed.LAYOUT,
    "my-numbers": my_number_feed.LAYOUT,
    "transfer-results": transfer_result_feed.LAYOUT,
}

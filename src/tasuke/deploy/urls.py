"""Every address of the site."""

from django.urls import URLPattern, URLResolver, include, path

from tasuke.deploy.chain.rooms import handlers_of
from tasuke.deploy.clock import now
from tasuke.deploy.front import front
from tasuke.deploy.health import healthz, metrics
from tasuke.deploy.site import office_site
from tasuke.platform.database.systems import SYSTEMS
from tasuke.platform.transport.http_server import api_urls
from tasuke.platform.ui.site import offer_site

# system → address → urls module of a room
_ROOMS = {
    "subsidy": {
        "": "tasuke.systems.subsidy.desk.web.urls",
        "persons/": "tasuke.systems.subsidy.desk.web.person_urls",
        "applications/": "tasuke.systems.subsidy.desk.web.application_urls",
        "notifications/": "tasuke.systems.subsidy.desk.web.notification_urls",
        "attachments/": "tasuke.systems.subsidy.desk.web.attachment_urls",
        "notes/": "tasuke.systems.subsidy.desk.web.note_urls",
        "checks/": "tasuke.systems.subsidy.desk.web.check_urls",
        "linkage/": "tasuke.systems.subsidy.desk.web.linkage_urls",
        "inquiries/": "tasuke.systems.subsidy.inquiries.web.urls",
        "sharing/": "tasuke.systems.subsidy.sharing.web.urls",
        "certificates/": "tasuke.systems.subsidy.certificates.web.urls",
        "claims/": "tasuke.systems.subsidy.claims.web.urls",
        "reimbursements/": "tasuke.systems.subsidy.reimbursements.web.urls",
        "payments/": "tasuke.systems.subsidy.payments.web.urls",
        "runs/": "tasuke.platform.batch.web.urls",
        "statistics/": "tasuke.systems.subsidy.statistics.web.urls",
        "settings/": "tasuke.systems.subsidy.settings.web.urls",
        "schemes/": "tasuke.systems.subsidy.settings.web.scheme_urls",
    },
    "resident": {"resident/": "tasuke.systems.resident.web.urls"},
    "welfare": {"welfare/": "tasuke.systems.welfare.web.urls"},
    "unified_id": {"unified-id/": "tasuke.systems.unified_id.web.urls"},
    "gateway": {"gateway/": "tasuke.systems.gateway.web.urls"},
    "midserver": {"midserver/": "tasuke.systems.midserver.web.urls"},
    "nis": {"nis/": "tasuke.systems.nis.web.urls"},
    "accounts": {
        "audit/": "tasuke.platform.audit.web.urls",
        "admin/accounts/": "tasuke.platform.access.web.admin_urls",
    },
}

_APIS = [
    path(f"{name}/", include(api_urls(system=name, handlers=handlers_of(name), clock=now)))
    for name in SYSTEMS
    if handlers_of(name)
]

if "subsidy" in SYSTEMS:
    from tasuke.deploy.run_desk import open_desk

    open_desk()

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("", include("tasuke.platform.access.web.urls")),
    *([] if "subsidy" in SYSTEMS else [path("", front, name="front")]),
    *_APIS,
    *(path(address, include(module)) for name in SYSTEMS for address, module in _ROOMS.get(name, {}).items()),
]
offer_site(office_site)

handler400 = "tasuke.deploy.errors.bad_request"
handler404 = "tasuke.deploy.errors.not_found"
handler500 = "tasuke.deploy.errors.failed"

from django.apps import AppConfig


class EntitlementsConfig(AppConfig):
    name = "tasuke.systems.subsidy.entitlements"
    label = "subsidy_entitlements"
    default_auto_field = "django.db.models.BigAutoField"

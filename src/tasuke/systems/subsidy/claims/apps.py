from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    name = "tasuke.systems.subsidy.claims"
    label = "subsidy_claims"
    default_auto_field = "django.db.models.BigAutoField"

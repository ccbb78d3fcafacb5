from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "tasuke.systems.subsidy.sharing"
    label = "subsidy_sharing"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "tasuke.systems.subsidy.registry"
    label = "subsidy_registry"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class UnifiedIdConfig(AppConfig):
    name = "tasuke.systems.unified_id"
    label = "unified_id"
    default_auto_field = "django.db.models.BigAutoField"

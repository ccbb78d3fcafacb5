from django.apps import AppConfig


class BatchConfig(AppConfig):
    name = "tasuke.platform.batch"
    label = "batch"
    default_auto_field = "django.db.models.BigAutoField"

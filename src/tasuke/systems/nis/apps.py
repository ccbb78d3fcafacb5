from django.apps import AppConfig


class NisConfig(AppConfig):
    name = "tasuke.systems.nis"
    label = "nis"
    default_auto_field = "django.db.models.BigAutoField"

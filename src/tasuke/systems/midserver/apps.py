from django.apps import AppConfig


class MidserverConfig(AppConfig):
    name = "tasuke.systems.midserver"
    label = "midserver"
    default_auto_field = "django.db.models.BigAutoField"

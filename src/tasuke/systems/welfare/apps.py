from django.apps import AppConfig


class WelfareConfig(AppConfig):
    name = "tasuke.systems.welfare"
    label = "welfare"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    name = "tasuke.systems.subsidy.statistics"
    label = "subsidy_statistics"
    default_auto_field = "django.db.models.BigAutoField"

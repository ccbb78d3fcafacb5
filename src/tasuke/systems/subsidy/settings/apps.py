from django.apps import AppConfig


class SettingsConfig(AppConfig):
    name = "tasuke.systems.subsidy.settings"
    label = "subsidy_settings"
    verbose_name = "設定"

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "tasuke.systems.subsidy.desk"
    label = "subsidy_desk"

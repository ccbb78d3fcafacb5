from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "tasuke.platform.ui"
    label = "ui"

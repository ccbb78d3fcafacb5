from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "tasuke.systems.subsidy.payments"
    label = "subsidy_payments"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class InquiriesConfig(AppConfig):
    name = "tasuke.systems.subsidy.inquiries"
    label = "subsidy_inquiries"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    name = "tasuke.systems.subsidy.certificates"
    label = "subsidy_certificates"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class ReimbursementsConfig(AppConfig):
    name = "tasuke.systems.subsidy.reimbursements"
    label = "subsidy_reimbursements"
    default_auto_field = "django.db.models.BigAutoField"

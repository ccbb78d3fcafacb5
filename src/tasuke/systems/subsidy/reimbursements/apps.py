from django.apps import AppConfig


class ReimbursementsConfig(AppConfig):
    name = "tasuke.systems.subsidy.reimbursements"
    label = "subsidy_reimbursements"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Claims ask what was paid back already; this area stands to their right and answers."""
        from tasuke.systems.subsidy.claims.paid_elsewhere import ask_also
        from tasuke.systems.subsidy.reimbursements.queries import reimbursed_frame

        ask_also(reimbursed_frame)

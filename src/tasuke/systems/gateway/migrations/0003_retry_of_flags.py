from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0002_retry_of_provisions"),
    ]

    operations = [
        migrations.AddField(
            model_name="personflag",
            name="retry_at",
            field=models.DateTimeField(null=True, verbose_name="次に送る日時"),
        ),
        migrations.AddIndex(
            model_name="provision",
            index=models.Index(
                condition=models.Q(("sent_version", models.F("version")), _negated=True),
                fields=["atena_no"],
                name="gateway_provision_next",
            ),
        ),
    ]

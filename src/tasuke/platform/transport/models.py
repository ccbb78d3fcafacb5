"""Tables of what passes between systems. They live in each system's database, beside what the messages change."""

from django.db import models
from django.db.models import F, Q


class Client(models.Model):
    """A system that may call this one: issued per using system, its secret sealed under this system's vault."""

    client_id = models.CharField(max_length=32, unique=True)
    secret_sealed = models.BinaryField()
    system = models.CharField(max_length=30)
    body = models.CharField(max_length=16, blank=True)  # 団体・機関コード, where bodies call
    scopes = models.JSONField(default=list)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="transport_client_period"
            ),
            models.CheckConstraint(condition=Q(client_id__regex=r"^[0-9A-Za-z]{32}$"), name="transport_client_id_form"),
        )


class AccessToken(models.Model):
    """A bearer token in force; only its SHA-256 is stored."""

    token_hash = models.BinaryField(unique=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT)
    scopes = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)


class UsedAssertion(models.Model):
    """`jti` of a client assertion that was accepted: it is not accepted again before it has expired."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT)
    jti = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client", "jti"], name="transport_assertion_once"),)


class Answered(models.Model):
    """The reply to a call that wrote something, kept so that the same call again gets the same reply.

    After its time the reply goes and the key stays, so that an old call is refused and never done again (retention.py).
    """

    client_id = models.CharField(max_length=32)
    operation = models.CharField(max_length=100)
    key = models.CharField(max_length=100)
    request_sha256 = models.BinaryField()
    reply = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["client_id", "operation", "key"], name="transport_answered_once"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(reply=""), name="transport_answered_erased_is_empty"
            ),
        )


class Removed(models.Model):
    """What went because its time had passed: replies, keys of calls, messages that were delivered."""

    at = models.DateTimeField()
    what = models.CharField(max_length=10)
    before = models.DateTimeField()
    rows = models.PositiveIntegerField()


class Rejection(models.Model):
    """Calls that were turned away on a day: forged, replayed, expired, without the right, under a used key."""

    day = models.DateField()
    client_id = models.CharField(max_length=32, blank=True)  # empty: nobody whom we know
    system = models.CharField(max_length=30, blank=True)
    body = models.CharField(max_length=16, blank=True)
    operation = models.CharField(max_length=100, blank=True)
    code = models.CharField(max_length=30)
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["day", "client_id", "operation", "code"], name="transport_rejection_counted"
            ),
        )

    @property
    def contract(self) -> str:
        """The contract of the operation: `api/<contract>/v<version>/<name>`; "" where none was asked for."""
        parts = self.operation.split("/")
        return parts[1] if len(parts) == len(("api", "contract", "version", "name")) else ""

    @property
    def operation_name(self) -> str:
        """The operation's name in its contract."""
        return self.operation.rpartition("/")[2]


class Outgoing(models.Model):
    """A message that must arrive, written in the transaction of what it tells. Delivered in order per provider."""

    class State(models.TextChoices):
        WAITING = "waiting", "送信待ち"
        DELIVERED = "delivered", "送信済み"
        DEAD = "dead", "配達不能"

    provider = models.CharField(max_length=30)
    contract = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    operation = models.CharField(max_length=60)
    key = models.CharField(max_length=100)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    posted_at = models.DateTimeField()
    next_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["provider", "key"], name="transport_outgoing_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at__isnull=True) | Q(~Q(state="waiting"), ended_at__isnull=False),
                name="transport_outgoing_ended",
            ),
        )
        indexes = (
            models.Index(fields=["provider", "id"], condition=Q(state="waiting"), name="transport_outgoing_waiting"),
            models.Index(fields=["id"], condition=Q(state="dead"), name="transport_outgoing_dead"),
        )

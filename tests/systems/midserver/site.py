"""The office's addresses with those of 中間サーバー among them."""

from django.urls import include, path

from tasuke.deploy.urls import handler400, handler404, handler500
from tasuke.deploy.urls import urlpatterns as office

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]
urlpatterns = [*office, path("midserver/", include("tasuke.systems.midserver.web.urls"))]

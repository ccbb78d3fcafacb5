"""The site with the stand-in's screens, wherever the composition root mounts them."""

from django.urls import include, path

from tasuke.deploy.urls import handler400, handler404, handler500
from tasuke.deploy.urls import urlpatterns as _site

__all__ = ["handler400", "handler404", "handler500"]
urlpatterns = [path("nis/", include("tasuke.systems.nis.web.urls")), *_site]

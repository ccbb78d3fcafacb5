"""The site with the screens of this system, wherever the composition root mounts them."""

from django.urls import include, path

from tasuke.deploy.urls import handler400, handler404, handler500
from tasuke.deploy.urls import urlpatterns as _site

__all__ = ["handler400", "handler404", "handler500"]
urlpatterns = [path("unified_id/", include("tasuke.systems.unified_id.web.urls")), *_site]

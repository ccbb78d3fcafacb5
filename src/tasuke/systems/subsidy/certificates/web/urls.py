"""Addresses of the screens of certificates."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.certificates.web import views

app_name = "certificates"
urlpatterns = [
    path("", views.register, name="list"),
    path("<int:certificate_id>/", views.one_certificate, name="certificate"),
    path("<int:certificate_id>/reissue/", views.reissue, name="reissue"),
    path("<int:certificate_id>/return/", views.take_back, name="return"),
    path("<int:certificate_id>/paper/", views.paper, name="paper"),
]
offer(order=40, label="受給者証", url_name="certificates:list", action=Action.LIST_CERTIFICATES, key="4")

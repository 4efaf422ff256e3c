"""Addresses of agencies."""

from django.urls import path

from entraide.agencies.web import changing, views

app_name = "agencies"
urlpatterns = [
    path("agencies/", views.agencies, name="agencies"),
    path("agencies/enter/", views.enter, name="enter"),
    path("agencies/own/", views.own, name="own"),
    path("agencies/<uuid:agency_id>/", views.agency, name="agency"),
    path("agencies/<uuid:agency_id>/propose/", views.vouch, {"verb": "propose"}, name="propose"),
    path("agencies/<uuid:agency_id>/verify/", views.vouch, {"verb": "verify"}, name="verify"),
    path("agencies/<uuid:agency_id>/suspend/", views.suspend, name="suspend"),
    path("agencies/<uuid:agency_id>/change/", changing.change, name="change"),
    path("agencies/<uuid:agency_id>/confirm-change/", changing.confirm, name="confirm_change"),
    path("agencies/<uuid:agency_id>/drop-change/", changing.drop, name="drop_change"),
    path("agencies/<uuid:agency_id>/countersignature/", views.countersignature, name="countersignature"),
]

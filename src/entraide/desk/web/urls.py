"""Addresses of composed pages."""

from django.urls import path

from entraide.desk.web import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("requests/", views.cases, name="cases"),
    path("requests/<str:reference>/", views.case, name="case"),
    path("requests/<str:reference>/log/", views.case_log, name="case_log"),
]

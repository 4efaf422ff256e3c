"""Addresses of composed pages."""

from django.urls import path

from entraide.desk.web import case, cases, package, waiting

app_name = "desk"
urlpatterns = [
    path("", waiting.home, name="home"),
    path("requests/", cases.cases, name="cases"),
    path("requests/<str:reference>/", case.case, name="case"),
    path("requests/<str:reference>/package/", package.package_of, name="package_of"),
    path("requests/<str:reference>/package/begun/", package.package_begun, name="package_begun"),
    path("requests/<str:reference>/log/", case.case_log, name="case_log"),
    path("requests/<str:reference>/log/<uuid:entry_id>/proof/", case.entry_proof, name="entry_proof"),
]

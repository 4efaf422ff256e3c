"""Addresses of people and keys."""

from django.urls import path

from entraide.access.web import account, entrance, members, receipts

app_name = "access"
urlpatterns = [
    path("sign-in/", entrance.sign_in, name="sign_in"),
    path("sign-in/options/", entrance.sign_in_options, name="sign_in_options"),
    path("sign-in/passkeys/", entrance.no_password, name="no_password"),
    path("sign-out/", entrance.sign_out, name="sign_out"),
    path("invitation/<str:token>/", entrance.invitation, name="invitation"),
    path("invitation/<str:token>/options/", entrance.invitation_options, name="invitation_options"),
    path("account/", account.account, name="account"),
    path("account/preferences/", account.preferences, name="preferences"),
    path("account/age-key/", account.age_key, name="age_key"),
    path("account/sign-ins/<uuid:sign_in_id>/end/", account.end_sign_in, name="end_sign_in"),
    path("account/passkeys/add/", account.add_passkey, name="add_passkey"),
    path("account/passkeys/finish/", account.finish_passkey, name="finish_passkey"),
    path("account/passkeys/<uuid:credential_id>/disable/", account.disable_passkey, name="disable_passkey"),
    path("receipts/<uuid:entry_id>/", receipts.receipt, name="receipt"),
    path("people/", members.people, name="people"),
    path("people/invite/<uuid:organisation_id>/", members.invite, name="invite"),
    path("people/<uuid:person_id>/", members.member, name="member"),
    *(
        path(f"people/<uuid:person_id>/{verb}/", members.change, {"verb": verb}, name=f"person_{verb}")
        for verb in ("disable", "invite-again")
    ),
    *(
        path(f"people/<uuid:person_id>/{verb}/<str:role>/", members.change, {"verb": verb}, name=f"role_{verb}")
        for verb in ("grant", "revoke")
    ),
]

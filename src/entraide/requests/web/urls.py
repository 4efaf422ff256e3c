"""Addresses of requests.  A verb of the workflow is named as its value, so that a page can link whatever is allowed."""

from django.urls import URLPattern, path

from entraide.requests.web import agency, case, deciding, drafting, filing, four_eyes, staff, targets

app_name = "requests"
_writing: list[URLPattern] = [
    path("requests/new/", drafting.new, name="new"),
    path("requests/drafts/", drafting.drafts, name="drafts"),
    path("requests/<str:reference>/draft/", drafting.draft, name="draft"),
    path("requests/<str:reference>/draft/instrument/", drafting.instrument, name="draft_instrument"),
    path("requests/<str:reference>/draft/targets/", targets.targets, name="draft_targets"),
    path("requests/<str:reference>/draft/targets/save/", targets.save_targets, name="draft_save_targets"),
    path("requests/<str:reference>/draft/targets/find/", targets.find, name="draft_find"),
    path("requests/<str:reference>/draft/targets/add/", targets.add_found, name="draft_add_found"),
    path("requests/<str:reference>/draft/<slug:page>/", drafting.page, name="draft_page"),
    path("requests/<str:reference>/draft/<slug:page>/save/", drafting.save, name="draft_save"),
    path("requests/<str:reference>/discard/", drafting.discard, name="discard"),
    path("requests/<str:reference>/file/", filing.file, name="file"),
    path("requests/<str:reference>/file/options/", filing.file_options, name="file_options"),
    path(
        "requests/<str:reference>/file-for-countersignature/",
        filing.file_for_countersignature,
        name="file_for_countersignature",
    ),
    path("requests/<str:reference>/filed/", filing.filed, name="filed"),
]
_of_the_case: list[URLPattern] = [
    path("requests/<str:reference>/print/", case.printed, name="printed"),
    path("requests/<str:reference>/document.json", case.document, name="document"),
    path("requests/<str:reference>/instrument.pdf", case.instrument, name="instrument_file"),
    path("requests/<str:reference>/countersign/", agency.countersign, name="countersign"),
    path("requests/<str:reference>/countersign/options/", agency.countersign_options, name="countersign_options"),
    path("requests/<str:reference>/return-to-draft/", agency.send_back, name="return_to_draft"),
    path("requests/<str:reference>/return-to-correction/", agency.send_back, name="return_to_correction"),
    path("requests/<str:reference>/withdraw/", agency.withdraw, name="withdraw"),
    path("requests/<str:reference>/answer/", agency.answer, name="answer"),
]
_of_the_desk: list[URLPattern] = [
    path("requests/<str:reference>/accept/", staff.accept, name="accept"),
    path("requests/<str:reference>/hand-over/", staff.hand_over, name="hand_over"),
    path("requests/<str:reference>/look-up/", staff.look_up, name="look_up"),
    path("requests/<str:reference>/return-for-correction/", staff.return_for_correction, name="return_for_correction"),
    path("requests/<str:reference>/ask/", staff.ask, name="ask"),
    path("requests/<str:reference>/take-back-question/", staff.take_back_question, name="take_back_question"),
    path("requests/<str:reference>/take-back-proposal/", staff.take_back_proposal, name="take_back_proposal"),
    path("requests/<str:reference>/reject/", staff.reject, name="reject"),
    path("requests/<str:reference>/reopen/", staff.reopen, name="reopen"),
    path("requests/<str:reference>/close/", staff.close, name="close"),
    path("requests/<str:reference>/decision/", deciding.decide, name="propose"),
    path("requests/<str:reference>/decision/save/", deciding.autosave, name="save_decision"),
    path("requests/<str:reference>/decision/look-ups/", deciding.lookups_awaited, name="lookups_awaited"),
    path("requests/<str:reference>/decision/propose/", four_eyes.sign_proposal, name="sign_proposal"),
    path(
        "requests/<str:reference>/decision/propose/options/",
        four_eyes.sign_proposal_options,
        name="sign_proposal_options",
    ),
    path("requests/<str:reference>/approve/", four_eyes.approve, name="approve"),
    path("requests/<str:reference>/approve/options/", four_eyes.approve_options, name="approve_options"),
    path("requests/<str:reference>/approved/", four_eyes.approved, name="approved"),
]
urlpatterns: list[URLPattern] = [*_writing, *_of_the_case, *_of_the_desk]

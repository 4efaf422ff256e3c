"""What the outbox stores, why, and for how long."""

from entraide.database.dataclasses import FieldClass

_ALWAYS = "as long as the log: a key is never given out again"
_CASE = "as long as the case; erased with its key"
_WORK = "thirty days after the work ended"
_TIE = FieldClass("internal", "Ties the row to its case, organisation and subject.", _ALWAYS)

FIELDS: dict[str, FieldClass] = {
    "effect.*": _TIE,
    "effect.nature": FieldClass("internal", "Whether it is an effect, news or a reaction.", _ALWAYS),
    "effect.key": FieldClass("internal", "Makes repeating harmless.", _ALWAYS),
    "effect.order": FieldClass("internal", "Reference of what was decided, or the kind of the news.", _ALWAYS),
    "effect.action": FieldClass("internal", "What is to be done.", _ALWAYS),
    "effect.version": FieldClass("internal", "Keeps an older order from undoing a newer one.", _ALWAYS),
    "effect.request": FieldClass("special", "The exact request to the other side.", _CASE, "full"),
    "effect.act_hash": FieldClass("internal", "The signed act the effect rests on.", _ALWAYS),
    "effect.state": FieldClass("internal", "Where it stands.", _ALWAYS),
    "effect.attempt": FieldClass("internal", "Fences off a worker that is no longer alone.", _ALWAYS),
    "effect.asked_at": FieldClass("internal", "When it was asked for.", _ALWAYS),
    "effect.due_at": FieldClass("internal", "When it is next to be done, or when a lease ends.", _ALWAYS),
    "effect.finished_at": FieldClass("internal", "When the outcome was known.", _ALWAYS),
    "effect.answer": FieldClass("special", "The other side's answer as it came.", _CASE, "full"),
    "effect.last_problem": FieldClass("internal", "Name of the fault that delays it.", _ALWAYS),
    "progress.*": FieldClass("internal", "Ties the row to what is worked on.", _WORK),
    "progress.work": FieldClass("internal", "What work it is.", _WORK),
    "progress.state": FieldClass("internal", "Whether it runs, ended, failed or was cancelled.", _WORK),
    "progress.done": FieldClass("internal", "How far the work has come.", _WORK),
    "progress.total": FieldClass("internal", "How much there is to do.", _WORK),
    "progress.note": FieldClass("internal", "The step it is at.", _WORK),
    "progress.cursor": FieldClass("internal", "Where to go on after a kill.", _WORK),
    "progress.is_cancel_asked": FieldClass("internal", "That somebody asked for it to stop.", _WORK),
    "progress.started_at": FieldClass("internal", "When the work began.", _WORK),
    "progress.updated_at": FieldClass("internal", "When it was last heard of.", _WORK),
}

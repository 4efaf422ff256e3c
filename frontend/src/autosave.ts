// `<form data-autosave="/drafts/7/save/">`: posts the form there after a pause in typing and says when it was saved.
// The server answers 2xx with {"secret": bool, "parts": {NAME: markup}}, both optional; markup goes into the page's
// `[data-part="NAME"]`, which says how far the reader is.  Texts come from data-text-saving, -saved, -unsaved (no
// connection, it is tried again by itself), -refused (the desk said no: it will not help to try again) and -secret
// (something was taken out).  They are said in `[data-saved]`.  Leaving with something unsaved is asked about by the
// browser.
import { csrfToken } from "./page";

const PAUSE_MS = 1500;
const AGAIN_MS = 8000;
const NOT_KEPT = 'input[type="file"], [data-not-kept]'; // sent by their own buttons only

class Draft {
  private timer = 0;
  private changes = 0; // counted, so that what is typed during a save is not taken for saved
  private saved = 0;
  private onTheWay: AbortController | null = null;

  constructor(private readonly form: HTMLFormElement) {
    for (const kind of ["input", "change"]) form.addEventListener(kind, (event) => this.changed(event));
    form.addEventListener("submit", () => this.left());
    form.addEventListener("entraide:leaving", () => this.left());
    window.addEventListener("online", () => {
      if (this.changes !== this.saved) void this.save();
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.changes !== this.saved) event.preventDefault();
    });
  }

  private changed(event: Event): void {
    if (event.target instanceof Element && event.target.matches("[data-not-kept]")) return;
    this.changes += 1;
    this.later(PAUSE_MS);
  }

  private later(pause: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), pause);
  }

  private left(): void {
    window.clearTimeout(this.timer);
    this.onTheWay?.abort(); // an older state must not arrive after the one that is being sent
    this.saved = this.changes;
  }

  private async save(): Promise<void> {
    const { autosave, textSaving, textSaved, textUnsaved, textRefused, textSecret } = this.form.dataset;
    if (!autosave) return;
    const upTo = this.changes;
    this.say(textSaving ?? "");
    const body = new FormData(this.form);
    for (const field of this.form.querySelectorAll<HTMLInputElement>(NOT_KEPT)) body.delete(field.name);
    this.onTheWay?.abort();
    const sending = (this.onTheWay = new AbortController());
    const answer = await fetch(autosave, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "autosave", Accept: "application/json" },
      credentials: "same-origin",
      redirect: "manual", // to the sign-in page: that is a no
      signal: sending.signal,
    }).catch(() => null);
    if (sending.signal.aborted) return;
    if (!answer || answer.status >= 500 || answer.status === 429) {
      this.say(textUnsaved ?? "", true);
      this.later(AGAIN_MS);
      return;
    }
    if (!answer.ok) {
      this.say(textRefused ?? "", true);
      return;
    }
    this.saved = Math.max(this.saved, upTo);
    const said = (await answer.json().catch(() => ({}))) as { secret?: boolean; parts?: Record<string, string> };
    for (const [name, markup] of Object.entries(said.parts ?? {})) {
      // Parsed in a document of its own: no script in it runs, and none is expected.
      const { body } = new DOMParser().parseFromString(markup, "text/html");
      for (const part of document.querySelectorAll(`[data-part="${name}"]`)) {
        part.replaceChildren(...body.cloneNode(true).childNodes);
      }
    }
    const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    this.say(said.secret ? (textSecret ?? "") : `${textSaved ?? ""} ${time}`, said.secret === true);
  }

  private say(text: string, isTrouble = false): void {
    const place = this.form.querySelector("[data-saved]");
    if (!place) return;
    place.textContent = text;
    place.classList.toggle("saved--trouble", isTrouble);
  }
}

export function bindAutosave(within: ParentNode): void {
  for (const form of within.querySelectorAll<HTMLFormElement>("form[data-autosave]:not([data-bound])")) {
    form.dataset["bound"] = "";
    new Draft(form);
  }
}

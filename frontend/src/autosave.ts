// `<form data-autosave="/drafts/7/save/">`: posts the form there after a pause in typing and says when it was saved.
// The server answers 2xx; texts come from data-text-saving, -saved, -unsaved; they are said in `[data-saved]`.
// Leaving with something unsaved is asked about by the browser.
import { csrfToken } from "./page";

const PAUSE_MS = 1500;

class Draft {
  private timer = 0;
  private changes = 0; // counted, so that what is typed during a save is not taken for saved
  private saved = 0;

  constructor(private readonly form: HTMLFormElement) {
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", () => this.changed());
    form.addEventListener("submit", () => this.left());
    form.addEventListener("entraide:leaving", () => this.left());
    window.addEventListener("beforeunload", (event) => {
      if (this.changes !== this.saved) event.preventDefault();
    });
  }

  private changed(): void {
    this.changes += 1;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), PAUSE_MS);
  }

  private left(): void {
    window.clearTimeout(this.timer);
    this.saved = this.changes;
  }

  private async save(): Promise<void> {
    const { autosave, textSaving, textSaved, textUnsaved } = this.form.dataset;
    if (!autosave) return;
    const upTo = this.changes;
    this.say(textSaving ?? "");
    const body = new FormData(this.form);
    for (const input of this.form.querySelectorAll<HTMLInputElement>('input[type="file"]')) body.delete(input.name);
    const headers = { "X-CSRFToken": csrfToken(), "X-Requested-With": "autosave" };
    const answer = await fetch(autosave, { method: "POST", body, headers, credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok || answer.redirected) {
      this.say(textUnsaved ?? "");
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.save(), 5 * PAUSE_MS);
      return;
    }
    this.saved = Math.max(this.saved, upTo);
    const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    this.say(`${textSaved ?? ""} ${time}`);
  }

  private say(text: string): void {
    const place = this.form.querySelector("[data-saved]");
    if (place) place.textContent = text;
  }
}

export function bindAutosave(within: ParentNode): void {
  for (const form of within.querySelectorAll<HTMLFormElement>("form[data-autosave]:not([data-bound])")) {
    form.dataset["bound"] = "";
    new Draft(form);
  }
}

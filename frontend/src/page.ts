// Small things every module needs from the page. Texts come from data- attributes: the server has the catalogues.

/** Return the token that shows the server that a change comes from its own page. */
export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

/** Say something for a moment, to eyes and to screen readers. */
export function say(text: string): void {
  const toast = document.querySelector<HTMLElement>("[data-toast]");
  if (!toast) return;
  toast.textContent = text;
  window.setTimeout(() => {
    if (toast.textContent === text) toast.textContent = "";
  }, 4000);
}

/** Return the JSON of a data block inside an element: `<div hidden data-block="NAME"><script type="application/json">`. */
export function block<T>(within: Element, name: string): T | null {
  const text = within.querySelector(`[data-block="${name}"] script`)?.textContent;
  return text ? (JSON.parse(text) as T) : null;
}

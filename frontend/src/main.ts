// What every page runs: fragments (htmx), passkeys, drafts that save themselves, copy buttons, menus.
import htmx from "htmx.org";
import { bindAutosave } from "./autosave";
import { csrfToken, say } from "./page";
import { bindConditions } from "./conditions";
import { bindPasskeys } from "./webauthn";

function bindFragments(): void {
  // Settings that matter stand in <meta name="htmx-config">; this only adds the token and speaks when something failed.
  document.addEventListener("htmx:configRequest", (event) => {
    const detail = (event as CustomEvent<{ verb: string; headers: Record<string, string> }>).detail;
    if (detail.verb !== "get") detail.headers["X-CSRFToken"] = csrfToken();
  });
  document.addEventListener("htmx:responseError", () => say(document.body.dataset["textFailed"] ?? ""));
  document.addEventListener("htmx:sendError", () => say(document.body.dataset["textOffline"] ?? ""));
  document.addEventListener("htmx:load", (event) => {
    const arrived = (event as CustomEvent<{ elt: HTMLElement }>).detail.elt;
    bindAll(arrived);
  });
}

function bindCopyButtons(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-copy]") : null;
    if (!button) return;
    navigator.clipboard?.writeText(button.dataset["copy"] ?? "").then(
      () => say(document.body.dataset["textCopied"] ?? ""),
      () => say(document.body.dataset["textFailed"] ?? ""),
    );
  });
}

function bindMenus(): void {
  const close = (except: Element | null): void => {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => {
    close(event.target instanceof Element ? event.target.closest("details[data-menu]") : null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector<HTMLDetailsElement>("details[data-menu][open]");
    close(null);
    open?.querySelector("summary")?.focus();
  });
}

function tellZone(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || document.cookie.includes(`entraide_zone=${zone}`)) return;
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `entraide_zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

function bindAll(within: ParentNode): void {
  if (navigator.clipboard) {
    for (const button of within.querySelectorAll<HTMLElement>("[data-copy][hidden]")) button.hidden = false;
  }
  bindAutosave(within);
  bindConditions(within);
  within.querySelector<HTMLElement>("[data-focus]")?.focus();
}

htmx.config.allowEval = false;
tellZone();
bindFragments();
bindCopyButtons();
bindMenus();
bindPasskeys();
bindAll(document);
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
});

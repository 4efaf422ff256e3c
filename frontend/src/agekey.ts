// `[data-agekey]` around a button `[data-agekey-make]`: makes an age identity in this page. The recipient goes into the
// hidden field `recipient` and into `[data-agekey-recipient]`; the identity is offered by `a[data-agekey-download]` and
// never sent anywhere. The form's submit button stays disabled until the identity has been downloaded.
import { generateX25519Identity, identityToRecipient } from "age-encryption";

async function make(place: HTMLElement): Promise<void> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const made = new Date().toISOString().slice(0, 19) + "Z";
  const file = new Blob([`# created: ${made}\n# public key: ${recipient}\n${identity}\n`], { type: "text/plain" });
  const field = place.querySelector<HTMLInputElement>('input[name="recipient"]');
  if (field) field.value = recipient;
  for (const shown of place.querySelectorAll("[data-agekey-recipient]")) shown.textContent = recipient;
  const link = place.querySelector<HTMLAnchorElement>("a[data-agekey-download]");
  if (link) {
    if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(file);
    link.download = link.dataset["agekeyDownload"] || "entraide-age-key.txt";
    link.addEventListener("click", () => {
      for (const button of place.querySelectorAll<HTMLButtonElement>("button[data-agekey-submit]")) button.disabled = false;
    });
  }
  for (const part of place.querySelectorAll<HTMLElement>("[data-agekey-made]")) part.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-agekey-make]") : null;
  const place = button?.closest<HTMLElement>("[data-agekey]");
  if (place) void make(place);
});

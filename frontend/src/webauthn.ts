// Passkeys. A form with `data-webauthn-get` or `data-webauthn-create` asks the authenticator when it is submitted, puts
// the answer as JSON into its hidden field `credential` and is sent. The options stand in the form's block `options`, or
// are fetched by POST from `data-options-href` ({"options": …, "software_key": …, "hidden": {"step_up": …}}) so that a
// challenge is never stale; the fields of that name are filled with what came along.
// With `data-software-key` the block `key` signs instead of a passkey: demo only, and its keys verify nowhere else.
// Faults are said in the form's `[data-fault]`, in the texts of `data-text-refused`, `-unsupported` and `-stale`.
import { fromBase64url, toBase64url } from "./base64url";
import { block, csrfToken } from "./page";
import { signWithSoftwareKey, type SoftwareKey } from "./softwarekey";

interface Descriptor {
  id: string;
  type?: "public-key";
  transports?: AuthenticatorTransport[];
}

interface RequestOptions {
  challenge: string;
  rpId?: string;
  timeout?: number;
  userVerification?: UserVerificationRequirement;
  allowCredentials?: Descriptor[];
  extensions?: AuthenticationExtensionsClientInputs;
}

interface CreationOptions {
  challenge: string;
  rp: PublicKeyCredentialRpEntity;
  user: { id: string; name: string; displayName: string };
  pubKeyCredParams: PublicKeyCredentialParameters[];
  timeout?: number;
  attestation?: AttestationConveyancePreference;
  authenticatorSelection?: AuthenticatorSelectionCriteria;
  excludeCredentials?: Descriptor[];
  extensions?: AuthenticationExtensionsClientInputs;
}

/** Said instead of an exception text: which of the form's texts fits. */
class Fault extends Error {
  constructor(readonly kind: "refused" | "unsupported" | "stale") {
    super(kind);
  }
}

function descriptors(list: Descriptor[] | undefined): PublicKeyCredentialDescriptor[] {
  return (list ?? []).map((one) => ({
    type: "public-key",
    id: fromBase64url(one.id),
    ...(one.transports ? { transports: one.transports } : {}),
  }));
}

/** What stands in every answer, beside the authenticator's own part. */
function particulars(credential: PublicKeyCredential): object {
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

/** Ask for an assertion; options and answer are JSON as the server speaks it. */
async function get(options: RequestOptions): Promise<object> {
  const { challenge, allowCredentials, ...rest } = options;
  const publicKey: PublicKeyCredentialRequestOptions = { ...rest, challenge: fromBase64url(challenge) };
  if (allowCredentials?.length) publicKey.allowCredentials = descriptors(allowCredentials);
  const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
  if (!credential) throw new Fault("refused");
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    ...particulars(credential),
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      authenticatorData: toBase64url(response.authenticatorData),
      signature: toBase64url(response.signature),
      userHandle: response.userHandle ? toBase64url(response.userHandle) : null,
    },
  };
}

/** Make a passkey; options and answer are JSON as the server speaks it. */
async function create(options: CreationOptions): Promise<object> {
  const { challenge, user, excludeCredentials, ...rest } = options;
  const credential = (await navigator.credentials.create({
    publicKey: {
      ...rest,
      challenge: fromBase64url(challenge),
      user: { ...user, id: fromBase64url(user.id) },
      excludeCredentials: descriptors(excludeCredentials),
    },
  })) as PublicKeyCredential | null;
  if (!credential) throw new Fault("refused");
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    ...particulars(credential),
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      attestationObject: toBase64url(response.attestationObject),
      transports: typeof response.getTransports === "function" ? response.getTransports() : [],
    },
  };
}

interface Asked {
  options: RequestOptions | CreationOptions;
  key: SoftwareKey | null;
}

async function asked(form: HTMLFormElement): Promise<Asked> {
  const href = form.dataset["optionsHref"];
  if (href) {
    const body = new FormData(form);
    const answer = await fetch(href, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
      credentials: "same-origin",
    }).catch(() => null);
    if (!answer?.ok) throw new Fault("stale");
    const data = (await answer.json()) as {
      options: RequestOptions;
      software_key?: SoftwareKey;
      hidden?: Record<string, string>;
    };
    for (const [name, value] of Object.entries(data.hidden ?? {})) {
      const place = form.querySelector<HTMLInputElement>(`input[type="hidden"][name="${name}"]`);
      if (place) place.value = value;
    }
    return { options: data.options, key: data.software_key ?? block<SoftwareKey>(form, "key") };
  }
  const options = block<RequestOptions | CreationOptions>(form, "options");
  if (!options) throw new Fault("stale");
  return { options, key: block<SoftwareKey>(form, "key") };
}

async function answered(form: HTMLFormElement): Promise<object> {
  const { options, key } = await asked(form);
  if ("softwareKey" in form.dataset && key) {
    return signWithSoftwareKey(key, options as RequestOptions, window.location.origin);
  }
  if (!window.PublicKeyCredential || !window.isSecureContext) throw new Fault("unsupported");
  const isNew = "webauthnCreate" in form.dataset;
  return isNew ? create(options as CreationOptions) : get(options as RequestOptions);
}

async function sign(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  const place = form.querySelector<HTMLInputElement>('input[name="credential"]');
  const fault = form.querySelector<HTMLElement>("[data-fault]");
  if (!place || form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  if (fault) fault.hidden = true;
  try {
    place.value = JSON.stringify(await answered(form));
    if (submitter instanceof HTMLButtonElement && submitter.name) {
      const chosen = document.createElement("input"); // submit() below forgets which button was pressed
      chosen.type = "hidden";
      chosen.name = submitter.name;
      chosen.value = submitter.value;
      form.append(chosen);
    }
    form.dispatchEvent(new CustomEvent("entraide:leaving", { bubbles: true }));
    form.submit();
  } catch (error) {
    form.removeAttribute("aria-busy");
    const kind = error instanceof Fault ? error.kind : "refused";
    const texts = { refused: "textRefused", unsupported: "textUnsupported", stale: "textStale" } as const;
    if (fault) {
      fault.textContent = form.dataset[texts[kind]] ?? document.body.dataset["textFailed"] ?? "";
      fault.hidden = false;
    }
  }
}

/** Bind every passkey form, also those that arrive later. */
export function bindPasskeys(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    if (!("webauthnGet" in form.dataset) && !("webauthnCreate" in form.dataset)) return;
    event.preventDefault();
    void sign(form, event.submitter);
  });
}

// The demo's software key: the same assertion a passkey gives, made by WebCrypto with a key that came with the page.
// Whoever can read the page can sign with it, which is why such keys exist in demos only.
import { toBase64url } from "./base64url";

export interface SoftwareKey {
  credential_id: string; // base64url
  private_jwk: JsonWebKey; // P-256
  user_handle?: string; // base64url
}

/** What of the options for an assertion a signature depends on. */
interface Asked {
  challenge: string; // base64url
  rpId?: string;
}

const USER_PRESENT_AND_VERIFIED = 0x05;

/** Return a WebAuthn assertion as JSON. */
export async function signWithSoftwareKey(key: SoftwareKey, options: Asked, origin: string): Promise<object> {
  const rpId = options.rpId ?? new URL(origin).hostname;
  const text = new TextEncoder();
  const clientData = text.encode(
    JSON.stringify({ type: "webauthn.get", challenge: options.challenge, origin, crossOrigin: false }),
  );
  const authenticatorData = new Uint8Array(37); // hash of the RP id, flags, counter 0
  authenticatorData.set(new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(rpId))));
  authenticatorData[32] = USER_PRESENT_AND_VERIFIED;
  const signed = new Uint8Array(37 + 32);
  signed.set(authenticatorData);
  signed.set(new Uint8Array(await crypto.subtle.digest("SHA-256", clientData)), 37);
  const { kty, crv, x, y, d } = key.private_jwk;
  const jwk = { kty, crv, x, y, d } as JsonWebKey;
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const privateKey = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]);
  const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, signed);
  return {
    id: key.credential_id,
    rawId: key.credential_id,
    type: "public-key",
    authenticatorAttachment: "platform",
    clientExtensionResults: {},
    response: {
      clientDataJSON: toBase64url(clientData),
      authenticatorData: toBase64url(authenticatorData),
      signature: toBase64url(derFromRaw(new Uint8Array(raw))),
      userHandle: key.user_handle ?? null,
    },
  };
}

/** Turn r‖s, as WebCrypto signs, into the DER sequence of two integers that WebAuthn carries. */
function derFromRaw(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const body = [...derInteger(raw.subarray(0, half)), ...derInteger(raw.subarray(half))];
  return new Uint8Array([0x30, body.length, ...body]); // two P-256 integers always fit one length byte
}

function derInteger(bytes: Uint8Array): number[] {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = [...bytes.subarray(start)];
  if ((digits[0] ?? 0) & 0x80) digits.unshift(0); // or it would read as negative
  return [0x02, digits.length, ...digits];
}


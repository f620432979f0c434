// The SHA-256 fingerprint of a certificate in PEM form, to be compared by eye.

const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** null: there is not exactly one certificate in the text. */
export async function fingerprintOf(pem: string): Promise<string | null> {
	const blocks = [...pem.matchAll(block)];
	if (blocks.length !== 1)
		return null;
	try {
		const der = Uint8Array.from(atob((blocks[0]?.[1] ?? '').replace(/\s+/g, '')), (letter) => letter.charCodeAt(0));
		const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', der));
		return [...digest].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':');
	} catch {
		return null;
	}
}

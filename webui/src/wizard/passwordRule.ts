// The rules of an administrator's password as far as a browser can check them; the
// server's word is final (server/admin/account/password.c).

export interface Rule {
	text: string;
	isMet: boolean;
}

const least = 12;
const leastDifferent = 6;

export function passwordRules(user: string, password: string, again: string): Rule[] {
	const characters = [...password];
	const holdsUser = user.length >= 3 && password.toLowerCase().includes(user.toLowerCase()) && password.length < user.length + least;
	return [
		{ text: `At least ${least} characters`, isMet: characters.length >= least },
		{ text: `At least ${leastDifferent} different characters`, isMet: new Set(characters).size >= leastDifferent },
		{ text: 'Not built around the user name', isMet: password !== '' && !holdsUser },
		{ text: 'Typed the same twice', isMet: password !== '' && password === again },
	];
}

const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/** 24 characters without look-alikes, about 139 bits. */
export function makePassword(): string {
	const text: string[] = [];
	while (text.length < 24) {
		for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
			const at = byte & 63;
			if (at < alphabet.length && text.length < 24)
				text.push(alphabet.charAt(at));
		}
	}
	return text.join('');
}

// Hands a text to the browser as a file.
export function saveText(pieces: string[], name: string, type: string) {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(new Blob(pieces, { type }));
	link.download = name;
	link.click();
	URL.revokeObjectURL(link.href);
}

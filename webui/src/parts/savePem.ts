// Hands a PEM text to the browser as a file.
export function savePem(name: string, text: string): void {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }));
	link.download = name;
	link.click();
	URL.revokeObjectURL(link.href);
}

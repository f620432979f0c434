// Hands a PEM text to the browser as a file.
import { saveText } from './saveText';

export function savePem(name: string, text: string): void {
	saveText([text], name, 'application/x-pem-file');
}

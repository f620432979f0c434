// All that the server says against a request, not only the first of it.
import { ApiError, messageOf } from '../api/http';

export function messagesOf(error: unknown): string[] {
	const faults = error instanceof ApiError ? error.faults.map((fault) => fault.message) : [];
	return faults.length > 0 ? faults : [messageOf(error)];
}
